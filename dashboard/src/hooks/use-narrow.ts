// Whether the window is as narrow as a phone, where the frame's navigation is at the bottom.

import { useEffect, useState } from "preact/hooks";

const NARROW = "(max-width: 48rem)";

export function useIsNarrow(): boolean {
	const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
	useEffect(() => {
		const query = matchMedia(NARROW);
		const changed = () => setNarrow(query.matches);
		query.addEventListener("change", changed);
		return () => query.removeEventListener("change", changed);
	}, []);
	return isNarrow;
}
