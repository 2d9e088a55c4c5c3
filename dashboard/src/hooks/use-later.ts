// A value that follows another one after it has not changed for a while, for searches while somebody types.

import { useEffect, useState } from "preact/hooks";

const PAUSE_MS = 200;

export function useLater<T>(value: T): T {
	const [later, setLater] = useState(value);
	useEffect(() => {
		if (value === later) return;
		const timer = setTimeout(() => setLater(value), PAUSE_MS);
		return () => clearTimeout(timer);
	}, [value, later]);
	return later;
}
