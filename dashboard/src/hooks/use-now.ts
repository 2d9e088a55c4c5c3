// The current time, updated regularly, for texts such as "2 min ago".

import { useEffect, useState } from "preact/hooks";
import { browser } from "../api/surroundings";

const TICK_MS = 15_000;

export function useNow(): number {
	const [now, setNow] = useState(() => Date.now());
	useEffect(() => {
		const tick = () => {
			if (browser.isVisible()) setNow(Date.now());
		};
		const timer = setInterval(tick, TICK_MS);
		const unwatch = browser.onChange(tick);
		return () => {
			clearInterval(timer);
			unwatch();
		};
	}, []);
	return now;
}
