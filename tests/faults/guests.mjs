// Visitors of a widget as workers see them: by tokens in requests to storaged.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { dashed, newId, ORG, WIDGET } from "./ids.mjs";
import { getRecord, putRecord } from "./records.mjs";

function newToken() {
	return createHash("sha256").update(randomBytes(16)).digest("hex");
}

/** The stored default widget. */
export function widgetOf(peer) {
	return getRecord(peer, "widget", { org: ORG, id: WIDGET });
}

export async function changeWidget(peer, changes) {
	return putRecord(peer, "widget", { ...(await widgetOf(peer)), ...changes });
}

/** A new visitor of the default widget. */
export async function newGuest(peer) {
	const { public_id } = await widgetOf(peer);
	const request = { public_id, fresh_token: newToken(), fresh_id: newId() };
	const { visitor, resumed } = await peer.ask("visitor_open", request, "visitor_opened");
	assert.equal(resumed, 0);
	return { ...visitor, session: `~${dashed(visitor.id)}` };
}

/** A visitor's message with new ids. */
export function messageOf(guest, text) {
	return {
		org: ORG,
		widget: WIDGET,
		session: guest.session,
		conversation: newId(),
		message: newId(),
		turn: newId(),
		text,
		history: 1,
		visitor: guest.token,
	};
}

export function contactOf(guest, contact) {
	return { token: guest.token, fresh_id: newId(), ...contact };
}

/** The number of stored messages of the default widget's visitors. */
export async function countMessages(peer) {
	const list = { org: ORG, widget: WIDGET, cursor: Buffer.alloc(0) };
	const ids = [];
	do {
		const page = await peer.ask("conversation_list", list, "conversation_page");
		ids.push(...page.conversations.map(({ id }) => id));
		list.cursor = page.next;
	} while (list.cursor.length > 0);
	const threads = await Promise.all(
		ids.map((conversation) => peer.ask("message_list", { org: ORG, conversation }, "message_page")),
	);
	return threads.flatMap(({ messages }) => messages).filter(({ role }) => role === 0).length;
}
