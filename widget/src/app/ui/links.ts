// Finds web addresses in a text. Only http and https: the model's text must not run code.

export interface Link {
	readonly text: string;
	readonly href: string;
}

/**
 * An address ends at quotes, invisible or bidirectional control characters, and full-width
 * punctuation, which is not followed by a space.
 */
const CANDIDATE =
	/\bhttps?:\/\/[^\s<>"'`\u200b-\u200f\u2018-\u201f\u202a-\u202e\u2060-\u206f\u3000-\u303f\uff00-\uffef]+/gi;

const OPENERS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

function count(text: string, part: string): number {
	return text.split(part).length - 1;
}

/** Trailing punctuation belongs to the sentence, as does a bracket opened before the address. */
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
	}
	return url.slice(0, end);
}

function toLink(text: string): Link | null {
	try {
		return { text, href: new URL(text).href };
	} catch {
		return null;
	}
}

/** Joined, the pieces equal the text. */
export function splitLinks(text: string): (string | Link)[] {
	const pieces: (string | Link)[] = [];
	let from = 0;
	for (const match of text.matchAll(CANDIDATE)) {
		const link = toLink(trimEnd(match[0]));
		if (!link) continue;
		if (match.index > from) pieces.push(text.slice(from, match.index));
		pieces.push(link);
		from = match.index + link.text.length;
	}
	if (from < text.length) pieces.push(text.slice(from));
	return pieces;
}
