// A conversation with the agent as its form says, unsaved changes included. The server stores nothing of it.

import { useEffect, useRef, useState } from "preact/hooks";
import type { AgentFields, Event } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { readLines } from "../api/lines";
import { type Failed, historyOf, type Turn } from "./turns";

/** By the status of the last event; without one the reply is complete. */
/** A trial does nothing that waits for a decision. */
const ENDS = { stopped: "stopped", length: "cut", filtered: "filtered", waiting: "done" } as const;

export interface Trial {
	readonly turns: readonly Turn[];
	readonly isRunning: boolean;
	ask(question: string): void;
	/** The last question again, in place of its failed reply. */
	askAgain(): void;
	stop(): void;
	clear(): void;
}

/** `changes`: the fields of the form that are not saved. */
export function useTrial(agentId: string, changes: AgentFields): Trial {
	const { api } = useDesk();
	const [turns, setTurns] = useState<readonly Turn[]>([]);
	const abort = useRef<AbortController | null>(null);
	const isRunning = turns[turns.length - 1]?.state === "running";
	useEffect(() => () => abort.current?.abort(), []);

	/** Changes the last turn. */
	const update = (change: (turn: Turn) => Turn) =>
		setTurns((before) => before.map((turn, i) => (i === before.length - 1 ? change(turn) : turn)));

	function fail(failed: Failed) {
		update((turn) => ({ ...turn, state: "failed", failed }));
	}

	function take(event: Event, startedAt: number) {
		const ms = Date.now() - startedAt;
		if (event.type === "start")
			update((turn) => ({ ...turn, answer: turn.answer.slice(0, event.position ?? 0) }));
		else if (event.type === "token")
			update((turn) => ({
				...turn,
				answer: turn.answer + event.token,
				firstMs: turn.firstMs ?? ms,
			}));
		else if (event.type === "done")
			update((turn) => ({
				...turn,
				answer: event.message,
				state: event.status ? ENDS[event.status] : "done",
				asksForPerson: event.handover === true,
				sources: event.sources ?? [],
				found: event.found ?? null,
				isGeneral: event.general === true,
				totalMs: ms,
			}));
		else if (event.type === "error") fail({ code: event.code, text: event.error });
	}

	async function run(earlier: readonly Turn[], question: string) {
		const mine = new AbortController();
		abort.current = mine;
		setTurns([...earlier, { question, answer: "", state: "running" }]);
		const startedAt = Date.now();
		try {
			const response = await api.stream("/v1/admin/agents/{agentId}/test", {
				path: { agentId },
				body: { message: question, history: historyOf(earlier), agent: changes },
				signal: mine.signal,
			});
			for await (const event of readLines<Event>(response)) {
				if (mine.signal.aborted) return;
				take(event, startedAt);
			}
			// Such as a worker that was killed.
			update((turn) => (turn.state === "running" ? { ...turn, state: "failed" } : turn));
		} catch (reason) {
			if (mine.signal.aborted) return;
			const error = ApiError.from(reason);
			fail({ code: error.code, text: error.message, error });
		}
	}

	return {
		turns,
		isRunning,
		ask(question) {
			if (!isRunning) void run(turns, question);
		},
		askAgain() {
			const last = turns[turns.length - 1];
			if (last && !isRunning) void run(turns.slice(0, -1), last.question);
		},
		stop() {
			abort.current?.abort();
			update((turn) => (turn.state === "running" ? { ...turn, state: "stopped" } : turn));
		},
		clear() {
			abort.current?.abort();
			setTurns([]);
		},
	};
}
