// The present, told again every so often: what makes "2 min ago" true.

import { useEffect, useState } from "preact/hooks";
import { browser } from "./browser";

const TICK_MS = 15_000;

export function useNow(): number {
	const [now, setNow] = useState(() => Date.now());
	useEffect(() => {
		const tick = () => {
			if (browser.isVisible()) setNow(Date.now());
		};
		const timer = setInterval(tick, TICK_MS);
		const unwatch = browser.onVisibility(tick);
		return () => {
			clearInterval(timer);
			unwatch();
		};
	}, []);
	return now;
}
