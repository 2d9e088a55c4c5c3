// Whether the model answers: one short question to an agent, of which nothing is stored.

import type { Client } from "../api/client";
import { ApiError } from "../api/errors";

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

interface Event {
	readonly type?: unknown;
	readonly token?: unknown;
	readonly message?: unknown;
	readonly error?: unknown;
	readonly code?: unknown;
}

/** The reply's text, as far as it is needed. Throws an ApiError if it ended with an error. */
export async function readReply(chunks: AsyncIterable<string>): Promise<string> {
	let rest = "";
	let text = "";
	for await (const chunk of chunks) {
		const lines = (rest + chunk).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines.filter((one) => one.trim() !== "")) {
			const { type, token, message, error, code }: Event = JSON.parse(line);
			if (type === "error")
				throw new ApiError("refused", 502, String(error), { code: String(code ?? "") });
			if (type === "done") return String(message ?? text);
			if (type === "token") text += String(token);
			if (text.length > TEXT_MAX) return text;
		}
	}
	throw new ApiError("network", 0, "the reply has no end");
}

async function* textOf(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		yield decoder.decode(value, { stream: true });
	}
}

export async function checkModel(api: Client, agentId: string): Promise<ModelState> {
	const abort = new AbortController();
	try {
		const { body } = await api.stream("/v1/admin/agents/{agentId}/test", {
			path: { agentId },
			body: { message: QUESTION },
			signal: abort.signal,
		});
		if (!body) throw new ApiError("garbled", 200, "no body");
		return { is: "works", isDemo: DEMO.test(await readReply(textOf(body))) };
	} catch (reason) {
		const error = ApiError.from(reason);
		return { is: "broken", code: error.code, error };
	} finally {
		abort.abort();
	}
}
