// The session that all tabs of the site share: the visitor's id and whether the chat is open.

import type { BrowserStorage } from "./browser-storage";

export interface Session {
	/** Created at the first call, so that nothing is stored for visitors who never write. `given`: another tab has it. */
	id(given?: string): string;
	/** Whether this visitor has ever sent a message. */
	exists(): boolean;
	/** The next message begins a new conversation. */
	forget(): void;
	wasOpen(): boolean;
	rememberOpen(open: boolean): void;
	/** How many replies are unread in all tabs. */
	unread(): number;
	rememberUnread(unread: number): void;
}

const ID_KEY = "banter.session";
/** Where open-chat-widget keeps the id. */
const OLD_ID_KEY = "os-chatbot-session-id";
const OPEN_KEY = "banter.open";
const UNREAD_KEY = "banter.unread";

/** The form of session ids that the server accepts. */
const ID_FORM = /^[A-Za-z0-9._:-]{1,128}$/;

/** A version 4 UUID (RFC 9562, 5.4). crypto.randomUUID exists only on https pages. */
export function randomId(source: Pick<Crypto, "getRandomValues"> = crypto): string {
	const bytes = source.getRandomValues(new Uint8Array(36));
	const digit = (at: number) => ((bytes[at] ?? 0) % 16).toString(16);
	return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, (_, at) => digit(at));
}

/** `space`: of the widget's names in the storage. */
export function openSession(storage: BrowserStorage, space = ""): Session {
	const [openKey, unreadKey] = [OPEN_KEY + space, UNREAD_KEY + space];

	function known(): string | null {
		const kept = [ID_KEY, OLD_ID_KEY].map((key) => storage.getItem(key));
		return kept.find((id) => id !== null && ID_FORM.test(id)) ?? null;
	}

	return {
		id(given) {
			const id = given ?? known() ?? randomId();
			if (storage.getItem(ID_KEY) !== id) storage.setItem(ID_KEY, id);
			return id;
		},
		exists: () => known() !== null,
		forget() {
			for (const key of [ID_KEY, OLD_ID_KEY]) storage.removeItem(key);
		},
		wasOpen: () => storage.getItem(openKey) === "1",
		rememberOpen: (open) => storage.setItem(openKey, open ? "1" : "0"),
		unread: () => Number(storage.getItem(unreadKey)) || 0,
		rememberUnread: (unread) => storage.setItem(unreadKey, String(unread)),
	};
}
