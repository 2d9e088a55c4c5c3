// How a contact is called, and what of two contacts remains when they become one.

import type { Contact } from "../../../workerd/api/openapi/openapi";

/** Null: it has neither. */
export function nameOf({ name, email, phone }: Contact): string | null {
	return name ?? email ?? phone;
}

/** E-mail and phone, without the one that stands in place of the name. */
export function reachedAt(contact: Contact): string[] {
	const called = nameOf(contact);
	return [contact.email, contact.phone].filter(
		(one): one is string => one !== null && one !== called,
	);
}

const FIELDS = ["name", "email", "phone", "user_id"] as const;
export type ContactField = (typeof FIELDS)[number];

export interface MergedField {
	readonly field: ContactField;
	readonly value: string | null;
	/** Fills a gap. */
	readonly isTaken: boolean;
	/** What the other contact has instead; it is lost. */
	readonly lost: string | null;
}

/** As the server does it: the fields that the first contact lacks come from the other one. */
export function mergedFields(kept: Contact, other: Contact): MergedField[] {
	// Most contacts have no user id.
	const fields = FIELDS.filter(
		(field) => field !== "user_id" || kept[field] !== null || other[field] !== null,
	);
	return fields.map((field) => {
		const own = kept[field];
		const others = other[field];
		return {
			field,
			value: own ?? others,
			isTaken: own === null && others !== null,
			lost: own !== null && others !== null && own !== others ? others : null,
		};
	});
}
