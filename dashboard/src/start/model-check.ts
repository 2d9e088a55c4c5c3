// Whether the model answers: one short question to an agent, of which nothing is stored.

import type { Client } from "../api/client";
import { ApiError } from "../api/errors";
import { readLines } from "../api/lines";

export type ModelState =
	| { readonly is: "asking" }
	/** `isDemo`: the bundled model answers, which knows nothing. */
	| { readonly is: "works"; readonly isDemo: boolean }
	| { readonly is: "broken"; readonly code: string; readonly error: ApiError };

const QUESTION = "Please answer with one short sentence.";
/** As the demo model introduces itself: systemd/run.mjs starts it when there is no model key. */
const DEMO = /bundled demo model/i;
/** Enough to tell the demo model. */
const TEXT_MAX = 500;

export interface Event {
	readonly type?: unknown;
	readonly token?: unknown;
	readonly message?: unknown;
	readonly error?: unknown;
	readonly code?: unknown;
}

/** The reply's text, as far as it is needed. Throws an ApiError if it ended with an error. */
export async function readReply(events: AsyncIterable<Event>): Promise<string> {
	let text = "";
	for await (const { type, token, message, error, code } of events) {
		if (type === "error")
			throw new ApiError("refused", 502, String(error), { code: String(code ?? "") });
		if (type === "done") return String(message ?? text);
		if (type === "token") text += String(token);
		if (text.length > TEXT_MAX) return text;
	}
	throw new ApiError("network", 0, "the reply has no end");
}

export async function checkModel(api: Client, agentId: string): Promise<ModelState> {
	const abort = new AbortController();
	try {
		const response = await api.stream("/v1/admin/agents/{agentId}/test", {
			path: { agentId },
			body: { message: QUESTION },
			signal: abort.signal,
		});
		return { is: "works", isDemo: DEMO.test(await readReply(readLines<Event>(response))) };
	} catch (reason) {
		const error = ApiError.from(reason);
		return { is: "broken", code: error.code, error };
	} finally {
		abort.abort();
	}
}
