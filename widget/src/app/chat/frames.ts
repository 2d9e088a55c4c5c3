// The frames of a widget's server, one JSON object each (API.md, section 7). Unknown frames of a newer server
// are ignored.

import type { Frame } from "../net/carrier";
import { textOf } from "../net/parse";
import { type History, readHistory, readMessage, readPerson } from "./history";
import type { Message, Person } from "./state";

/** An error frame. */
export interface Refusal {
	readonly code: string;
	/** The refused message; null: the error concerns something else. */
	readonly id: string | null;
	readonly message: string;
	/** The names of the invalid contact fields. */
	readonly fields: readonly string[];
	readonly retryAfterMs: number | null;
}

export type ServerFrame = Readonly<
	| { type: "session"; token: string; contactSubmitted: boolean }
	| ({ type: "history" } & History)
	| { type: "token"; token: string }
	| { type: "message"; message: Message }
	/** What people do; the same `state` as in `handover`, which answers a message: a person will read it. */
	| { type: "operator" | "handover"; state: string; person: Person }
	| ({ type: "error" } & Refusal)
	| { type: "step"; id: unknown }
	| { type: "steps"; steps: unknown }
	| { type: "typing_start" | "typing_stop" | "contact_info_saved" }
>;

/** null: an unknown frame. */
export function readFrame(value: object): ServerFrame | null {
	const frame: Frame = { type: "", ...value };
	const { type } = frame;
	switch (type) {
		case "session": {
			const token = textOf(frame.session_token);
			const contactSubmitted = frame.contact_info_submitted === true;
			return token ? { type, token, contactSubmitted } : null;
		}
		case "history": {
			const history = readHistory(frame);
			return history && { type, ...history };
		}
		case "token":
			return { type, token: textOf(frame.token) };
		case "message": {
			const message = readMessage(frame);
			return message && { type, message };
		}
		case "operator":
		case "handover":
			return {
				type,
				state: textOf(frame.state),
				person: readPerson({ name: frame.operator, ...frame }),
			};
		case "typing_start":
		case "typing_stop":
		case "contact_info_saved":
			return { type };
		case "step":
			return { type, id: Object(frame.step).id };
		case "steps":
			return { type, steps: frame.steps };
		case "error":
			return {
				type,
				code: textOf(frame.code),
				id: textOf(frame.id) || null,
				message: textOf(frame.message),
				fields: Object.keys(Object(frame.fields)),
				retryAfterMs: Number(frame.retryAfterMs) || null,
			};
		default:
			return null;
	}
}
