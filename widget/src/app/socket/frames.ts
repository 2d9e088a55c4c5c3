// The frames of a widget's WebSocket, one JSON object each (API.md, section 7). Unknown frames of a
// newer server are ignored.

import type { Values } from "../../shell";
import { type History, readHistory, readMessage, type StoredMessage } from "../chat/history";
import { parseObject, textOf } from "../net/events";
import type { Details } from "../ui/contact";

export type ClientFrame =
	/** Repeating an id does not send a second message. */
	| { readonly type: "message"; readonly content: string; readonly id: string }
	| ({ readonly type: "contact_info" } & Details)
	| { readonly type: "stop" }
	| (Values & { readonly type: "identify" })
	| { readonly type: "context"; readonly context: Values };

/** An error frame. */
export interface Refusal {
	readonly code: string;
	/** The refused message; null: the error concerns something else. */
	readonly id: string | null;
	readonly message: string;
	/** The names of the invalid contact fields. */
	readonly fields: readonly string[];
}

export type ServerFrame = Readonly<
	| { type: "session"; token: string; contactSubmitted: boolean }
	| ({ type: "history" } & History)
	| { type: "typing_start" }
	| { type: "token"; token: string }
	| ({ type: "message" } & StoredMessage)
	| { type: "typing_stop" }
	| { type: "contact_info_saved" }
	| ({ type: "error" } & Refusal)
>;

type Unchecked = { readonly [name: string]: unknown };

/** null: an unknown frame. */
export function parseFrame(text: string): ServerFrame | null {
	const frame: Unchecked = { ...parseObject(text) };
	switch (frame.type) {
		case "session": {
			const token = textOf(frame.session_token);
			const contactSubmitted = frame.contact_info_submitted === true;
			return token ? { type: "session", token, contactSubmitted } : null;
		}
		case "history": {
			const history = readHistory(frame);
			return history && { type: "history", ...history };
		}
		case "token":
			return typeof frame.token === "string" ? { type: "token", token: frame.token } : null;
		case "message": {
			const said = readMessage(frame);
			return said && { type: "message", ...said };
		}
		case "typing_start":
		case "typing_stop":
		case "contact_info_saved":
			return { type: frame.type };
		case "error":
			return {
				type: "error",
				code: textOf(frame.code),
				id: textOf(frame.id) || null,
				message: textOf(frame.message),
				fields: Object.keys(Object(frame.fields)),
			};
		default:
			return null;
	}
}
