// What a visitor is called: by the contact details, otherwise by a name that is made from the session's id. It is always
// the same, is easy to say in every language, and names nobody.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import { t } from "./common";

const CONSONANTS = "bdfgklmnprstvz";
const VOWELS = "aeiou";
const SYLLABLES = 3;

/** FNV-1a. */
function hash(text: string): number {
	let value = 0x811c9dc5;
	for (let i = 0; i < text.length; i++)
		value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
	// The last character must count for all syllables.
	value = Math.imul(value ^ (value >>> 15), 0x85ebca6b) >>> 0;
	return (value ^ (value >>> 13)) >>> 0;
}

/** "Tamiro" */
export function nickname(id: string): string {
	let rest = hash(id);
	let name = "";
	for (let i = 0; i < SYLLABLES; i++) {
		name += CONSONANTS.charAt(rest % CONSONANTS.length);
		rest = Math.floor(rest / CONSONANTS.length);
		name += VOWELS.charAt(rest % VOWELS.length);
		rest = Math.floor(rest / VOWELS.length);
	}
	return name.charAt(0).toUpperCase() + name.slice(1);
}

type Known = Pick<Conversation, "sessionId"> & {
	readonly contact?: {
		readonly name: string | null;
		readonly email: string | null;
		readonly phone: string | null;
	} | null;
};

export function visitorName({ sessionId, contact }: Known): string {
	const known = contact?.name || contact?.email || contact?.phone;
	return known || t("visitorName", { name: nickname(sessionId) });
}
