// Requests to the chat API: one complete response, or a stream of events. Every failure is a
// ChatFailure.

import { type ChatEvent, parseEvent } from "./events";
import { ChatFailure, type FailureKind, failureOfResponse } from "./failure";
import { readLines } from "./ndjson";

/**
 * Longer than any model takes to start; without it a dead connection would show "typing" forever.
 */
export const SILENCE_MS = 120_000;
/** The timeout of requests that need no model. */
const ANSWER_MS = 15_000;

export interface Call {
	readonly url: string;
	/** Without a key the request has no header that needs a CORS preflight. */
	readonly apiKey?: string;
	/** Sent as JSON by POST; without a body the request is a GET. */
	readonly body?: unknown;
	readonly mode?: RequestMode;
}

/** Calls `onSilence` once, after `ms` without activity. */
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

/** Runs `task` with a signal that is also aborted after `ms` without a call of `heard()`. */
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

/** Returns the text of a complete response. */
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

/** Reads the rest of the body: cancelling it would close the connection. */
async function drain(lines: AsyncIterable<string>, onEnd: () => void): Promise<void> {
	try {
		for await (const _ of lines);
	} catch {
		// The last event has arrived already.
	} finally {
		onEnd();
	}
}

/** The last event is `done` or `error`; throws if the stream ends without either. */
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
