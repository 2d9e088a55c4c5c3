// Tells the server that the user makes inputs, so that colleagues and visitors know who is there: without one, the user is
// away after some minutes. At most one request a minute, however many tabs are open.

import { useEffect } from "preact/hooks";
import { useDesk } from "../api/desk";
import { useMe } from "./me";

const EACH_MS = 60_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;
const LAST = "banter:active";

/** When any tab told the server last. */
function toldAt(): number {
	try {
		const at = Number(localStorage.getItem(LAST));
		return at > Date.now() ? 0 : at;
	} catch {
		return 0;
	}
}

function noteTold(): void {
	try {
		localStorage.setItem(LAST, String(Date.now()));
	} catch {
		// Then each tab tells.
	}
}

export function useActivity(): void {
	const { api } = useDesk();
	const user = useMe().data?.user;
	const isAway = user?.chosenAvailability === "online" && user.availability === "away";
	useEffect(() => {
		if (!user) return;
		let own = 0;
		function tell() {
			// The server says that the user is away: the next input changes that at once, but only one request does.
			const last = Math.max(isAway ? 0 : toldAt(), own);
			if (Date.now() - last < EACH_MS) return;
			own = Date.now();
			noteTold();
			// The next input tries again.
			api.put("/v1/admin/me/availability", { body: {} }).catch(() => {});
		}
		for (const name of INPUTS)
			window.addEventListener(name, tell, { passive: true, capture: true });
		// Somebody has opened the page.
		if (document.visibilityState === "visible") tell();
		return () => {
			for (const name of INPUTS) window.removeEventListener(name, tell, { capture: true });
		};
	}, [user?.id, isAway]);
}
