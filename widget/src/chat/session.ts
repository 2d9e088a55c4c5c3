// The session that all tabs of the site share: the visitor's id and whether the chat is open.

import type { BrowserStorage } from "./browser-storage";

export interface Session {
	/** Created at the first call, so that nothing is stored for visitors who never write. */
	id(): string;
	/** Whether this visitor has ever sent a message. */
	exists(): boolean;
	wasOpen(): boolean;
	rememberOpen(open: boolean): void;
	/** Whether a reply is unread in all tabs. */
	wasUnread(): boolean;
	rememberUnread(unread: boolean): void;
	/** Notifies the other tabs of new messages. */
	announce(): void;
}

const ID_KEY = "banter.session";
const OPEN_KEY = "banter.open";
const UNREAD_KEY = "banter.unread";
/** Changes with every message; the storage event (HTML) notifies the other tabs. */
export const ACTIVITY_KEY = "banter.said";

/** The form of session ids that the server accepts. */
const ID_FORM = /^[A-Za-z0-9._:-]{1,128}$/;

/** A version 4 UUID (RFC 9562, 5.4). crypto.randomUUID exists only on https pages. */
export function randomId(source: Pick<Crypto, "getRandomValues"> = crypto): string {
	const bytes = source.getRandomValues(new Uint8Array(16));
	bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
	bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function openSession(storage: BrowserStorage): Session {
	function known(): string | null {
		const kept = storage.getItem(ID_KEY);
		return kept !== null && ID_FORM.test(kept) ? kept : null;
	}

	return {
		id() {
			const kept = known();
			if (kept !== null) return kept;
			const fresh = randomId();
			storage.setItem(ID_KEY, fresh);
			return fresh;
		},
		exists: () => known() !== null,
		wasOpen: () => storage.getItem(OPEN_KEY) === "1",
		rememberOpen: (open) => storage.setItem(OPEN_KEY, open ? "1" : "0"),
		wasUnread: () => storage.getItem(UNREAD_KEY) === "1",
		rememberUnread: (unread) => storage.setItem(UNREAD_KEY, unread ? "1" : "0"),
		announce: () => storage.setItem(ACTIVITY_KEY, randomId()),
	};
}
