// The browser's clock and visibility for polling.

import type { Surroundings } from "../poll";

export const browser: Surroundings = {
	isVisible: () => document.visibilityState === "visible",
	onVisibility(changed) {
		document.addEventListener("visibilitychange", changed);
		return () => document.removeEventListener("visibilitychange", changed);
	},
	after(ms, run) {
		const timer = setTimeout(run, ms);
		return () => clearTimeout(timer);
	},
};
