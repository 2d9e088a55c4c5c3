// Backslash escapes and entities.

const ESCAPED = /\\([!-/:-@[-`{-~])|&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/giy;
const ENTITIES: Readonly<Record<string, string>> = {
	amp: "&",
	lt: "<",
	gt: ">",
	quot: '"',
	apos: "'",
	nbsp: "\u00a0",
	copy: "©",
	reg: "®",
	euro: "€",
	hellip: "…",
	mdash: "—",
	ndash: "–",
	times: "×",
	rarr: "→",
};

function fromCode(code: number): string {
	return code > 0 && code < 0x110000 && code >> 11 !== 27 ? String.fromCodePoint(code) : "\ufffd";
}

/** The backslash escape or entity at this position: its text and length; null if there is none. */
export function readEscape(text: string, at: number): [text: string, length: number] | null {
	ESCAPED.lastIndex = at;
	const found = ESCAPED.exec(text);
	if (!found) return null;
	const [all, mark, decimal, hex, name] = found;
	if (name) {
		const known = ENTITIES[name];
		return known ? [known, all.length] : null;
	}
	return [mark ?? fromCode(decimal ? Number(decimal) : Number(`0x${hex}`)), all.length];
}

export function unescaped(text: string): string {
	let plain = "";
	for (let at = 0; at < text.length; ) {
		const [piece, length] = readEscape(text, at) ?? [text.charAt(at), 1];
		plain += piece;
		at += length;
	}
	return plain;
}
