// A value that follows another one after it has not changed for a while, for searches while somebody types.

import { useEffect, useState } from "preact/hooks";

const PAUSE_MS = 200;
/** So long that a screen reader is not interrupted again and again. */
export const CALM_MS = 1_000;

export function useLater<T>(value: T, pauseMs = PAUSE_MS): T {
	const [later, setLater] = useState(value);
	useEffect(() => {
		if (value === later) return;
		const timer = setTimeout(() => setLater(value), pauseMs);
		return () => clearTimeout(timer);
	}, [value, later]);
	return later;
}
