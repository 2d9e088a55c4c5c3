// The browser's clock, visibility and network; tests have their own.

export interface Surroundings {
	isVisible(): boolean;
	/** When the tab is shown or hidden, and when the network is back. Returns the unsubscribe function. */
	onChange(changed: () => void): () => void;
	/** Returns the cancel function. */
	after(ms: number, run: () => void): () => void;
}

export const browser: Surroundings = {
	isVisible: () => document.visibilityState === "visible",
	onChange(changed) {
		document.addEventListener("visibilitychange", changed);
		window.addEventListener("online", changed);
		return () => {
			document.removeEventListener("visibilitychange", changed);
			window.removeEventListener("online", changed);
		};
	},
	after(ms, run) {
		const timer = setTimeout(run, ms);
		return () => clearTimeout(timer);
	},
};
