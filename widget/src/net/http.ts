// Requests to the chat API: one whole answer, or a stream of events. Every failure is a ChatFailure.

import { type ChatEvent, parseEvent } from "./events";
import { ChatFailure, type FailureKind, failureOfResponse } from "./failure";
import { readLines } from "./ndjson";

/** Longer than any server thinks; without it a dead connection would "type" for ever. */
export const SILENCE_MS = 120_000;
/** For an answer that no model has to write. */
const ANSWER_MS = 15_000;

export interface Call {
	readonly url: string;
	/** Without one the request has no header that a browser would ask about first. */
	readonly apiKey?: string;
	/** Sent as JSON by POST; without one it is a GET. */
	readonly body?: unknown;
	readonly mode?: RequestMode;
}

/** Calls `onSilence` once, when nothing was heard for `ms`. */
export function watchForSilence(
	ms: number,
	onSilence: () => void,
): { heard(): void; stop(): void } {
	let timer = setTimeout(onSilence, ms);
	const stop = () => clearTimeout(timer);
	const heard = () => {
		stop();
		timer = setTimeout(onSilence, ms);
	};
	return { heard, stop };
}

/** Runs `task` with a signal that is also aborted after `ms` without `heard()`. */
function withDeadline(outer: AbortSignal | undefined, ms: number) {
	const abort = new AbortController();
	const cancel = () => abort.abort();
	const silence = watchForSilence(ms, cancel);
	outer?.addEventListener("abort", cancel);
	if (outer?.aborted) cancel();
	return {
		signal: abort.signal,
		heard: silence.heard,
		end() {
			silence.stop();
			outer?.removeEventListener("abort", cancel);
		},
	};
}

async function request(
	{ url, apiKey, body, mode = "cors" }: Call,
	signal: AbortSignal,
): Promise<Response> {
	const key: Record<string, string> = apiKey === undefined ? {} : { "x-widget-api-key": apiKey };
	const response = await fetch(url, {
		...(body === undefined
			? { headers: key }
			: {
					method: "POST",
					headers: { "Content-Type": "application/json", ...key },
					body: JSON.stringify(body),
				}),
		mode,
		credentials: "omit",
		cache: "no-store",
		signal,
	});
	if (!response.ok) throw failureOfResponse(response);
	return response;
}

function asFailure(error: unknown, kind: FailureKind): ChatFailure {
	return error instanceof ChatFailure ? error : new ChatFailure(kind);
}

/** The text of a whole answer. */
export async function requestText(call: Call, outer?: AbortSignal): Promise<string> {
	const limit = withDeadline(outer, ANSWER_MS);
	try {
		return await (await request(call, limit.signal)).text();
	} catch (error) {
		throw asFailure(error, "unreachable");
	} finally {
		limit.end();
	}
}

/** Reads on to the end: a cancelled body costs the next message a new connection. */
async function drain(lines: AsyncIterable<string>, onEnd: () => void): Promise<void> {
	try {
		for await (const _ of lines);
	} catch {
		// All that counts has come.
	} finally {
		onEnd();
	}
}

/** Ends with `done` or `error`; throws when neither comes. */
export async function* requestEvents(
	call: Call,
	outer: AbortSignal,
): AsyncGenerator<ChatEvent, void, void> {
	const limit = withDeadline(outer, SILENCE_MS);
	let kind: FailureKind = "unreachable";
	let last: ChatEvent | null = null;
	try {
		const { body } = await request(call, limit.signal);
		kind = "cut_off";
		const lines = body ? readLines(body, limit.heard) : null;
		while (lines && !last) {
			const { value, done } = await lines.next();
			if (done) break;
			const event = parseEvent(value);
			if (event?.type === "done" || event?.type === "error") last = event;
			else if (event) yield event;
		}
		if (lines && last) void drain(lines, limit.end);
	} catch (error) {
		throw asFailure(error, kind);
	} finally {
		if (!last) limit.end();
	}
	if (!last) throw new ChatFailure(kind);
	yield last;
}
