// Web, mail and telephone addresses in a text, and what a link may point to. The text is the model's:
// a link never runs code, and never looks like a link to another place.

export interface Link {
	/** Its characters in the text. */
	readonly text: string;
	/** What the visitor sees: an international host name is in its ASCII form. */
	readonly label: string;
	readonly href: string;
}

/** Where an address may begin, for a scanner; readLink() decides. */
export const LINK_START = "\\b(?:https?:\\/\\/|www\\.|mailto:|tel:|[\\w.+-]{1,64}@)";

/**
 * An address ends at quotes, invisible or bidirectional control characters, and full-width
 * punctuation, which is not followed by a space.
 */
const ADDRESS =
	/(https?:\/\/|www\.)[^\s<>"'`\u200b-\u200f\u2018-\u201f\u202a-\u202e\u2060-\u206f\u3000-\u303f\uff00-\uffef]+|(?:mailto:)?[\w.+-]{1,64}@(?:[a-z\d-]{1,63}\.){1,8}[a-z]{2,63}(?![\w@-])|tel:\+?[\d().-]{3,32}/iy;

const OPENERS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

function count(text: string, part: string): number {
	return text.split(part).length - 1;
}

/** Trailing punctuation belongs to the sentence, as does a bracket opened before the address, and an entity. */
function trimEnd(url: string): string {
	const unopened = new Map<string, number>();
	for (const [closer, opener] of Object.entries(OPENERS)) {
		unopened.set(closer, count(url, closer) - count(url, opener));
	}
	let end = url.length;
	for (; end > 0; end--) {
		const last = url.charAt(end - 1);
		const surplus = unopened.get(last);
		if (surplus === undefined ? !/[.,;:!?*_~…]/.test(last) : surplus <= 0) break;
		if (surplus !== undefined) unopened.set(last, surplus - 1);
		const entity = last === ";" && /&[a-z\d]+;$/i.exec(url.slice(Math.max(0, end - 33), end));
		if (entity) end -= entity[0].length - 1;
	}
	return url.slice(0, end);
}

/** What is known about the addresses of links. */
export interface Where {
	/** Resolves relative links; without it they are text. */
	readonly base?: string | undefined;
	/** Whether the reader knows the host: a link to another one shows its host beside the label. Missing: all are known. */
	readonly isKnown?: ((host: string) => boolean) | undefined;
}

/** Of each link: what the text says about an address is the model's, or a visitor's. */
export const LINK = { target: "_blank", rel: "noreferrer nofollow ugc" };

/**
 * The address of a link; null if it is not allowed. A name or password before the host is not
 * allowed: it looks like a host. Without `base`, a relative address is not allowed either.
 */
export function safeUrl(text: string, base?: string): URL | null {
	try {
		const url = new URL(text, base);
		const isSafe = /^(https?|mailto|tel):$/.test(url.protocol) && !(url.username + url.password);
		return isSafe ? url : null;
	} catch {
		return null;
	}
}

/** Where a link leads, in a few characters: a host, a mail address, or a telephone number. */
export function targetOf(url: URL): string {
	return url.host || url.pathname;
}

/** The address as it is written, with the host in its ASCII form. */
export function withAsciiHost(text: string, url: URL): string {
	if (!url.host) return text;
	return text.replace(/^([a-z]+:\/\/)?[^/?#\\]+/i, (all, scheme = "") =>
		/^[ -~]*$/.test(all) ? all : scheme + url.host,
	);
}

/** The address that begins at this position; one that is not allowed is without `href`. */
export function readLink(text: string, at: number): Link | null {
	ADDRESS.lastIndex = at;
	const [found, web = ""] = ADDRESS.exec(text) ?? [];
	if (!found) return null;
	const written = trimEnd(found);
	const isWww = /^www/i.test(web);
	const prefix = isWww ? "http://" : web || /^(mailto|tel):/i.test(written) ? "" : "mailto:";
	if (written.length <= web.length) return null;
	const url = safeUrl(prefix + written);
	// Not read again from its middle: an address may contain many beginnings of others.
	if (!url) return { text: written, label: written, href: "" };
	if (isWww && !/\.[^.]/.test(url.host.slice(4))) return null;
	return { text: written, label: withAsciiHost(written, url), href: url.href };
}

/** Invisible characters, and those that change the direction of text. */
const HIDDEN = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

export function visible(label: string): string {
	return label.replace(HIDDEN, "");
}

const DOTS = ".。．｡․";
const LOOKS_LIKE_ADDRESS = new RegExp(`[${DOTS}]\\s*[\\p{L}\\p{N}]{2}|:\\/\\/|@|\\d{3}`, "u");
const JOINED_BEFORE = new RegExp(`[\\w\\u00c0-\\u058f${DOTS}:/@;%-]$`);
const JOINED_AFTER = new RegExp(`^[${DOTS}:/@-]?[\\w\\u00c0-\\u058f]`);

/**
 * Whether a label may pass for the address of another place, alone or with the text that it adjoins, or hides that of a
 * host that is not known.
 */
export function isDisguised(
	label: string,
	url: URL,
	before: string,
	after: string,
	{ isKnown }: Where = {},
): boolean {
	if (JOINED_BEFORE.test(before.replace(/[*_~`\\]{1,9}$/, ""))) return true;
	if (JOINED_AFTER.test(after.replace(/^[*_~`\\]{1,9}/, ""))) return true;
	const shown = label.normalize("NFKC").toLowerCase().replace(/\s/g, "");
	if (!LOOKS_LIKE_ADDRESS.test(label.normalize("NFKC")))
		return !!url.host && isKnown?.(url.hostname) === false;
	if (url.protocol === "tel:") return shown.replace(/\D/g, "") !== url.pathname.replace(/\D/g, "");
	const named = shown.replace(/^(https?:\/\/|mailto:)?(www\.)?/, "").replace(/[/?#].*$/, "");
	return (
		named !==
		targetOf(url)
			.toLowerCase()
			.replace(/^www\./, "")
	);
}

const SCAN = new RegExp(LINK_START, "gi");

/** Splits a text without marks. Joined, the pieces' texts equal the text. */
export function splitLinks(text: string): (string | Link)[] {
	const pieces: (string | Link)[] = [];
	let from = 0;
	SCAN.lastIndex = 0;
	for (let match = SCAN.exec(text); match; match = SCAN.exec(text)) {
		const link = readLink(text, match.index);
		SCAN.lastIndex = match.index + (link?.text || match[0]).length;
		if (!link?.href) continue;
		if (match.index > from) pieces.push(text.slice(from, match.index));
		pieces.push(link);
		from = SCAN.lastIndex;
	}
	if (from < text.length) pieces.push(text.slice(from));
	return pieces;
}
