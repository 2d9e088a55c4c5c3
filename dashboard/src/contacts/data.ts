// What the pages of contacts/ load.

import type { Contact, Conversation } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";
import { type EndlessList, usePages } from "../hooks/use-pages";

const PAGE = 50;
/** A search may have empty pages before those with matches; so many are read at once. */
const SEARCH_PAGES = 20;

/** Ids increase with time. */
const isOlder = (item: Contact, other: Contact) => item.id < other.id;

/** The keys of the searches begin with it. */
export const CONTACT_LISTS = "contacts ";

/** Newest first. `search`: a part of the name, e-mail or phone; empty: all. */
export function useContacts(search: string): EndlessList<Contact> {
	const q = search.trim();
	return usePages<Contact>(`${CONTACT_LISTS}${q}`, {
		async load(api, from, signal) {
			let cursor = from ?? null;
			for (let i = 0; ; i++) {
				const { contacts, nextCursor } = await api.get("/v1/admin/contacts", {
					query: { limit: PAGE, ...(q !== "" && { q }), ...(cursor !== null && { cursor }) },
					signal,
				});
				cursor = nextCursor;
				if (contacts.length > 0 || cursor === null || i >= SEARCH_PAGES)
					return { items: contacts, next: cursor };
			}
		},
		kinds: ["contact"],
		idOf: (contact) => contact.id,
		isAfter: isOlder,
	});
}

export function useContact(id: string): Data<Contact> {
	return useData(`contact ${id}`, (api) => ({
		load: (signal) =>
			api.read("/v1/admin/contacts/{contactId}", { path: { contactId: id }, signal }),
		kinds: ["contact"],
		isAffected: (change) => change.id === id || change.change === "merged",
	}));
}

/** Newest activity first. */
export function useConversations(contactId: string): EndlessList<Conversation> {
	return usePages<Conversation>(`conversations of ${contactId}`, {
		async load(api, cursor, signal) {
			const { conversations, nextCursor } = await api.get("/v1/admin/conversations", {
				query: { limit: PAGE, contactId, ...(cursor !== undefined && { cursor }) },
				signal,
			});
			return { items: conversations, next: nextCursor };
		},
		kinds: ["conversation", "message", "reply", "contact"],
		idOf: (conversation) => conversation._id,
		isAfter: (item, other) => item.updatedAt < other.updatedAt,
	});
}
