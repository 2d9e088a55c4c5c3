// The four events of the chat API, one JSON object per line.

import type { DoneEvent, ErrorEvent, Event, TokenEvent } from "../../workerd/api/openapi/openapi";
import { parseObject, textOf } from "../src/app/net/parse";

/** The fields that the widget uses. */
const ENDINGS = ["stopped", "length", "filtered"] as const;

export type ChatEvent = Readonly<
	| {
			type: "start";
			/** null: the server has no reply ids. */
			messageId: string | null;
			/** Where the first token starts in the reply, in UTF-16 code units. */
			position: number;
	  }
	| Pick<TokenEvent, "type" | "token">
	| (Pick<DoneEvent, "type" | "message"> & {
			status: "complete" | (typeof ENDINGS)[number];
	  })
	| Pick<ErrorEvent, "type" | "code">
>;

type FieldOf<T> = T extends unknown ? keyof T : never;

/** An event before validation. */
type Unchecked = { readonly [K in FieldOf<Event> | FieldOf<ChatEvent>]?: unknown };

function positionOf(value: unknown): number {
	return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** null: an unknown event, e.g. of a newer server. */
export function parseEvent(line: string): ChatEvent | null {
	const event: Unchecked = { ...parseObject(line) };
	switch (event.type) {
		case "start":
			return {
				type: "start",
				messageId: textOf(event.messageId) || null,
				position: positionOf(event.position),
			};
		case "token":
			return typeof event.token === "string" ? { type: "token", token: event.token } : null;
		case "done":
			return {
				type: "done",
				message: textOf(event.message),
				status: ENDINGS.find((status) => status === event.status) ?? "complete",
			};
		case "error":
			return { type: "error", code: textOf(event.code) };
		default:
			return null;
	}
}
