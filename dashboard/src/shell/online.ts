// Whether the browser has a network: the pages say so when it is lost, and load again when it is back.

import { useEffect, useState } from "preact/hooks";

export function useOnline(): boolean {
	const [isOnline, setOnline] = useState(navigator.onLine);
	useEffect(() => {
		const update = () => setOnline(navigator.onLine);
		window.addEventListener("online", update);
		window.addEventListener("offline", update);
		return () => {
			window.removeEventListener("online", update);
			window.removeEventListener("offline", update);
		};
	}, []);
	return isOnline;
}
