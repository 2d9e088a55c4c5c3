// What the list shows, in order: messages, the days between them, and who has joined or left.

import type { Message, State } from "../chat/state";
import { type Clock, dayStart } from "./clock";

export interface Item {
	readonly key: string;
	/** null: a line with `text`. */
	readonly message: Message | null;
	readonly text: string;
}

/** A line that appeared behind the message `after`. */
export interface Line {
	readonly after: string;
	readonly text: string;
}

/** The longest day, in which the clocks are set back. */
const DAY_MS_MAX = 25 * 60 * 60 * 1000;

/** A message that the server has not dated yet is of today. */
export function timelineOf(
	{ messages, older }: Pick<State, "messages" | "older">,
	lines: readonly Line[],
	clock: Clock,
	now = Date.now(),
): Item[] {
	const items: Item[] = [];
	let day = dayStart(now);
	messages.forEach((message, i) => {
		const { at = null, key } = message;
		// The welcome message has no day: it is where the conversation begins.
		if (i === 0 && older !== "none") return;
		const when = at ?? now;
		const isSame = when >= day && when - day < DAY_MS_MAX && dayStart(when) === day;
		if (i > 0 && !isSame) {
			day = dayStart(when);
			items.push({ key: `day ${day}`, message: null, text: clock.day(when) });
		}
		items.push({ key, message, text: "" });
		lines.forEach(({ after, text }, n) => {
			if (after === key) items.push({ key: `line ${n}`, message: null, text });
		});
	});
	return items;
}
