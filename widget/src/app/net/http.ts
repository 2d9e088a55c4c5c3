// Requests with one complete response. Every failure is a ChatFailure.

import { ChatFailure, failureOfResponse } from "./failure";

/** The timeout of requests that need no model. */
const ANSWER_MS = 15_000;

export interface Call {
	readonly url: string;
	/** Without a key the request has no header that needs a CORS preflight. */
	readonly apiKey?: string;
	readonly mode?: RequestMode;
}

/** Returns the text of a complete response. */
export async function requestText(
	{ url, apiKey, mode = "cors" }: Call,
	outer?: AbortSignal,
): Promise<string> {
	const abort = new AbortController();
	const cancel = () => abort.abort();
	const timer = setTimeout(cancel, ANSWER_MS);
	outer?.addEventListener("abort", cancel);
	try {
		const response = await fetch(url, {
			...(apiKey && { headers: { "x-api-key": apiKey } }),
			mode,
			credentials: "omit",
			cache: "no-store",
			signal: abort.signal,
		});
		if (!response.ok) throw failureOfResponse(response);
		return await response.text();
	} catch (error) {
		throw error instanceof ChatFailure ? error : new ChatFailure("unreachable");
	} finally {
		clearTimeout(timer);
		outer?.removeEventListener("abort", cancel);
	}
}
