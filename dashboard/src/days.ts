// Groups a thread's messages by the reader's calendar days.

import type { Message } from "./model";
import { isSameDay } from "./time";

export interface Day {
	/** The time of its first message. */
	readonly at: number;
	readonly messages: readonly Message[];
}

/** `messages` are oldest first. */
export function byDay(messages: readonly Message[]): Day[] {
	const days: Array<{ at: number; messages: Message[] }> = [];
	for (const message of messages) {
		const today = days[days.length - 1];
		if (today && isSameDay(today.at, message.createdAt)) today.messages.push(message);
		else days.push({ at: message.createdAt, messages: [message] });
	}
	return days;
}
