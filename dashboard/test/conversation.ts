// A conversation as the server lists it.

import type { Conversation } from "../../workerd/api/openapi/openapi";

export function conversation(fields: Partial<Conversation> = {}): Conversation {
	return {
		_id: "c1",
		_creationTime: 1,
		sessionId: "session",
		createdAt: 1,
		updatedAt: 1,
		lastMessage: "Hello",
		widgetId: "w1",
		contactId: null,
		contact: null,
		lastRole: "user",
		status: "complete",
		state: "open",
		operator: null,
		assignedTo: null,
		waitingSince: null,
		snoozed: null,
		tags: [],
		unread: false,
		...fields,
	};
}
