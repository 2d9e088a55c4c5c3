// Who writes: the agent, and the persons who join and leave the conversation.

import type { People, State } from "../chat/state";
import type { Settings } from "../settings";
import type { Words } from "../words";

/** The agent's name. */
export function writerOf({ agentName, title }: Settings): string {
	return agentName || title;
}

/** Who answers now; "": the model. */
function nameOf({ phase, person }: People): string {
	return phase === "person" ? (person?.name ?? "") : "";
}

/** "Ann has joined", "Ann has left", or "" if nobody has. */
export function peopleText(words: Words, before: State, now: State): string {
	const [old, name] = [nameOf(before.people), nameOf(now.people)];
	if (old === name) return "";
	if (!name) return words("left", { name: old });
	// A person may join and write at once; the history comes behind the welcome message.
	const { messages } = before.messages[1] ? before : now;
	const last = messages.filter((one) => one.role === "assistant").pop();
	// After a reload the person is there already.
	const isKnown = !old && last?.role === "assistant" && last.author?.name === name;
	return isKnown ? "" : words("joined", { name });
}
