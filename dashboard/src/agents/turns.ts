// The questions and answers of a test, and what the model gets to know of them.

import type { AgentTest, ReplySources } from "../../../workerd/api/openapi/openapi";
import type { ApiError } from "../api/errors";
import type { Citations } from "../ui/citations";

export interface Failed {
	/** The server's stable name of the failure. */
	readonly code: string;
	readonly text: string;
	/** If the request itself failed. */
	readonly error?: ApiError;
}

export interface Turn {
	readonly question: string;
	readonly answer: string;
	/** `cut`: the reply was longer than it may be. */
	readonly state: "running" | "done" | "stopped" | "cut" | "filtered" | "failed";
	readonly failed?: Failed;
	readonly asksForPerson?: boolean;
	readonly sources?: ReplySources;
	/** Whether the content has an answer; null: nothing was looked up. */
	readonly found?: boolean | null;
	/** The answer is not from the content. */
	readonly isGeneral?: boolean;
	/** Milliseconds from the question to the first token. */
	readonly firstMs?: number;
	/** The same to the end of the reply. */
	readonly totalMs?: number;
}

/** The numbers in the text of a reply. */
export function citationsOf({ sources = [] }: Turn): Citations | null {
	if (sources.length === 0) return null;
	return {
		sources,
		marks: sources.flatMap(({ n, positions }) => positions.map((at) => ({ n, at }))),
	};
}

/** The server takes no more. */
const HISTORY_MAX = 200;

type History = NonNullable<AgentTest["history"]>;

/** As a real conversation: a reply without text is not part of it, its question is. */
export function historyOf(turns: readonly Turn[]): History {
	const all = turns.flatMap(({ question, answer }): History => {
		const asked = { role: "user", content: question } as const;
		return answer === "" ? [asked] : [asked, { role: "assistant", content: answer }];
	});
	return all.slice(-HISTORY_MAX);
}
