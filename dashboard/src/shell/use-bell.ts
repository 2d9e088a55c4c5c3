// The choice of bell.ts in components, and what follows from it.

import { useEffect, useReducer } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useDesk } from "../api/desk";
import { isBellOn, watchBell } from "./bell";

export function useIsBellOn(): boolean {
	const [, changed] = useReducer((n: number) => n + 1, 0);
	useEffect(() => watchBell(() => changed(undefined)), []);
	return isBellOn();
}

/** Once, in the frame: so it works on every page. Its code is loaded when somebody wants it. */
export function useNotifier(): void {
	const desk = useDesk();
	const { route } = useLocation();
	const isOn = useIsBellOn();
	useEffect(() => {
		if (!isOn) return;
		const abort = new AbortController();
		import("./notifier").then(
			({ notify }) => notify(desk, route, abort.signal),
			// Without network; the next page load tries again.
			() => {},
		);
		return () => abort.abort();
	}, [isOn]);
}
