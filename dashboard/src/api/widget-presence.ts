// Where and when a widget was seen, and how much it was used today.

import type { Widget } from "../../../workerd/api/openapi/openapi";

interface SeenOrigin {
	readonly origin: string;
	readonly at: number;
}

export interface Presence {
	/** null: no page has asked for the widget yet. */
	readonly lastSeen: number | null;
	/** The last one first. */
	readonly origins: readonly SeenOrigin[];
	/** Visitors' messages of this UTC day. */
	readonly messagesToday: number;
}

/** null: the server does not say. */
export function presenceOf(widget: Widget): Presence | null {
	const { last_seen, seen_origins, messages_today } = widget as Widget & {
		readonly last_seen?: number | null;
		readonly seen_origins?: readonly SeenOrigin[];
		readonly messages_today?: number;
	};
	if (last_seen === undefined && seen_origins === undefined && messages_today === undefined)
		return null;
	return {
		lastSeen: last_seen ?? null,
		origins: seen_origins ?? [],
		messagesToday: messages_today ?? 0,
	};
}
