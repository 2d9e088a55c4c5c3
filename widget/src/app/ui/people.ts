// Who writes: the agent, and the persons who join and leave the conversation.

import type { Message, People } from "../chat/state";
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
export function peopleText(
	words: Words,
	before: People,
	now: People,
	messages: readonly Message[],
): string {
	const [old, name] = [nameOf(before), nameOf(now)];
	if (old === name) return "";
	if (!name) return words("left", { name: old });
	const last = messages.filter((one) => one.role === "assistant").pop();
	// After a reload the person is there already.
	const isKnown = !old && last?.role === "assistant" && last.author?.name === name;
	return isKnown ? "" : words("joined", { name });
}
