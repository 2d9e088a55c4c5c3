// What the browser remembers between pages: who is chatting, and whether the chat was open.
// A browser may forbid storage (and even reading the property throws then): memory will do.

/** The two methods of Storage that we need. */
export interface Shelf {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
}

export interface Session {
	/** Made at the first call, so that a visitor who never writes leaves no trace. */
	id(): string;
	wasOpen(): boolean;
	rememberOpen(open: boolean): void;
}

const ID_KEY = "banter.session";
const OPEN_KEY = "banter.open";

/** The server takes no other session id. */
const ID_FORM = /^[A-Za-z0-9._:-]{1,128}$/;

function sturdy(open: () => Shelf): Shelf {
	const memory = new Map<string, string>();
	return {
		getItem(key) {
			try {
				return open().getItem(key) ?? memory.get(key) ?? null;
			} catch {
				return memory.get(key) ?? null;
			}
		},
		setItem(key, value) {
			memory.set(key, value);
			try {
				open().setItem(key, value);
			} catch {
				// Full or forbidden: memory has it.
			}
		},
	};
}

/** A version 4 UUID (RFC 9562, 5.4). crypto.randomUUID exists on https pages only. */
export function randomId(source: Pick<Crypto, "getRandomValues"> = crypto): string {
	const bytes = source.getRandomValues(new Uint8Array(16));
	bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
	bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function openSession(open: () => Shelf): Session {
	const shelf = sturdy(open);
	return {
		id() {
			const known = shelf.getItem(ID_KEY);
			if (known !== null && ID_FORM.test(known)) return known;
			const fresh = randomId();
			shelf.setItem(ID_KEY, fresh);
			return fresh;
		},
		wasOpen: () => shelf.getItem(OPEN_KEY) === "1",
		rememberOpen: (open) => shelf.setItem(OPEN_KEY, open ? "1" : "0"),
	};
}
