// One message to the chat API, and the events of its reply.

import type { ChatRequest } from "../../workerd/api/openapi";
import { type ChatEvent, parseEvent } from "./events";
import { ChatFailure, type FailureKind, failureOfStatus } from "./failure";
import { readLines } from "./ndjson";

/** Longer than any server thinks; without it a dead connection would "type" for ever. */
const SILENCE_MS = 120_000;

export interface Endpoint {
	readonly apiUrl: string;
	readonly apiKey: string;
}

/** Calls `onSilence` once, when nothing was heard for SILENCE_MS. */
function watchForSilence(onSilence: () => void): { heard(): void; stop(): void } {
	let timer = setTimeout(onSilence, SILENCE_MS);
	const stop = () => clearTimeout(timer);
	const heard = () => {
		stop();
		timer = setTimeout(onSilence, SILENCE_MS);
	};
	return { heard, stop };
}

async function post(
	{ apiUrl, apiKey }: Endpoint,
	sessionId: string,
	message: string,
	signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
	const response = await fetch(apiUrl, {
		method: "POST",
		headers: { "Content-Type": "application/json", "x-widget-api-key": apiKey },
		body: JSON.stringify({ sessionId, message } satisfies ChatRequest),
		credentials: "omit",
		cache: "no-store",
		signal,
	});
	if (!response.ok || !response.body) throw new ChatFailure(failureOfStatus(response.status));
	return response.body;
}

/** Yields nothing after `done` or `error`; throws ChatFailure when neither comes. */
export async function* streamReply(
	endpoint: Endpoint,
	sessionId: string,
	message: string,
): AsyncGenerator<ChatEvent, void, void> {
	const abort = new AbortController();
	const silence = watchForSilence(() => abort.abort());
	let failure: FailureKind = "unreachable";
	let ended = false;
	try {
		const body = await post(endpoint, sessionId, message, abort.signal);
		failure = "cut_off";
		for await (const line of readLines(body, silence.heard)) {
			// Read on to the end: a cancelled body costs the next message a new connection.
			const event: ChatEvent | null = ended ? null : parseEvent(line);
			if (!event) continue;
			ended = event.type === "done" || event.type === "error";
			yield event;
		}
	} catch (error) {
		if (ended) return;
		throw error instanceof ChatFailure ? error : new ChatFailure(failure);
	} finally {
		silence.stop();
	}
	if (!ended) throw new ChatFailure(failure);
}
