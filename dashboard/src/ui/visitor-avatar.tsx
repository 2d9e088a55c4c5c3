// The picture of a visitor, the same on all pages: of the contact, or of the session while there is none.

import type { Contact, Conversation } from "../../../workerd/api/openapi/openapi";
import { Avatar } from "./avatar";

export interface Figured {
	/** The figure is made from it. */
	readonly id: string;
	/** The initials take the figure's place. */
	readonly person: string | null;
}

export function figureOf({ sessionId, contactId, contact }: Conversation): Figured {
	return { id: contactId ?? sessionId, person: contact?.name ?? null };
}

export function VisitorAvatar({ visitor: { id, person } }: { readonly visitor: Figured }) {
	return <Avatar name={id} person={person} />;
}

interface ContactAvatarProps {
	readonly contact: Pick<Contact, "id" | "name">;
	readonly size?: "small" | "large";
}

export function ContactAvatar({ contact: { id, name }, ...size }: ContactAvatarProps) {
	return <Avatar name={id} person={name} {...size} />;
}
