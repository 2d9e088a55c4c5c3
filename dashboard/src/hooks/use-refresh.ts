// For data of which the change feed says nothing: asks again from time to time, while somebody looks.

import { useEffect } from "preact/hooks";
import { browser } from "../api/surroundings";

export function useRefresh(refresh: () => Promise<void>, everyMs: number): void {
	useEffect(() => {
		const timer = setInterval(() => {
			if (browser.isVisible()) void refresh();
		}, everyMs);
		return () => clearInterval(timer);
	}, [refresh, everyMs]);
}
