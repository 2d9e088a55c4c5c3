// The four events of the chat API, one JSON object a line.

import type {
	DoneEvent,
	ErrorEvent,
	Event,
	StartEvent,
	TokenEvent,
} from "../../workerd/api/openapi";

/** What the widget needs of them. */
export type ChatEvent = Readonly<
	| Pick<StartEvent, "type">
	| Pick<TokenEvent, "type" | "token">
	| Pick<DoneEvent, "type" | "message">
	| Pick<ErrorEvent, "type">
>;

type FieldOf<T> = T extends unknown ? keyof T : never;

/** What may be one of them, before anybody has looked. */
type Unchecked = { readonly [K in FieldOf<Event>]?: unknown };

function parseObject(line: string): Unchecked | null {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === "object" && value !== null ? { ...value } : null;
	} catch {
		return null;
	}
}

/** null: nothing that this widget knows. A newer server may say more than we understand. */
export function parseEvent(line: string): ChatEvent | null {
	const event = parseObject(line);
	switch (event?.type) {
		case "start":
		case "error":
			return { type: event.type };
		case "token":
			return typeof event.token === "string" ? { type: "token", token: event.token } : null;
		case "done":
			return { type: "done", message: typeof event.message === "string" ? event.message : "" };
		default:
			return null;
	}
}
