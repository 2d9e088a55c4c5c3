// What was written and not sent yet, one text for each conversation and kind, kept over reloads on this device. Each
// user who signs in on it has drafts of their own.

export type Mode = "reply" | "note";

export interface Drafts {
	read(conversationId: string, mode: Mode): string;
	/** An empty text removes the draft. */
	write(conversationId: string, mode: Mode, text: string): void;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "banter:draft:";
/** The oldest drafts of a user are dropped beyond that. */
export const DRAFTS_MAX = 100;

interface Draft {
	readonly text: string;
	readonly at: number;
}

function parse(value: string | null): Draft | null {
	try {
		const { text, at } = JSON.parse(value ?? "") as Partial<Draft>;
		return typeof text === "string" && typeof at === "number" ? { text, at } : null;
	} catch {
		return null;
	}
}

/** `user`: the operator's id. */
export function createDrafts(store: Store, user: string, now: () => number = Date.now): Drafts {
	/** Those of this page, also if the browser stores nothing. */
	const memory = new Map<string, string>();
	const prefix = `${PREFIX}${user}:`;
	const keyOf = (id: string, mode: Mode) => `${prefix}${mode}:${id}`;

	function prune() {
		const keys = Array.from({ length: store.length }, (_, i) => store.key(i) ?? "");
		const drafts = keys
			.filter((key) => key.startsWith(prefix))
			.map((key) => ({ key, at: parse(store.getItem(key))?.at ?? 0 }))
			.sort((a, b) => b.at - a.at);
		for (const { key } of drafts.slice(DRAFTS_MAX)) store.removeItem(key);
	}

	return {
		read(id, mode) {
			const key = keyOf(id, mode);
			const known = memory.get(key);
			if (known !== undefined) return known;
			try {
				return parse(store.getItem(key))?.text ?? "";
			} catch {
				return "";
			}
		},
		write(id, mode, text) {
			const key = keyOf(id, mode);
			memory.set(key, text);
			try {
				if (text === "") store.removeItem(key);
				else store.setItem(key, JSON.stringify({ text, at: now() } satisfies Draft));
				prune();
			} catch {
				// A full or forbidden storage: the draft lives as long as the page.
			}
		},
	};
}
