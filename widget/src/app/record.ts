// The widget's settings, when the loader could not fetch them: finds the reason, and tries again.

import type { Values } from "../shell";
import type { createNetwork } from "./net/backoff";
import type { failureOfResponse, Reason } from "./net/failure";
import type { requestText } from "./net/http";
import { parseObject } from "./net/parse";
import type { watchPolicy } from "./net/policy";
import type { createRetries } from "./net/retry";

/** What the app has already. */
export interface RecordTools {
	readonly createNetwork: typeof createNetwork;
	readonly createRetries: typeof createRetries;
	/** Every failure is a ChatFailure. */
	readonly requestText: typeof requestText;
	readonly failureOfResponse: typeof failureOfResponse;
	readonly watchPolicy: typeof watchPolicy;
}

/** This many responses in a row that CORS hides from us are not a coincidence. */
const HIDDEN_MAX = 5;
/** The longest delay of a browser's timers. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * null: the widget does not exist, or this site may not show it; the console has the reason. As a proxy
 * without a server or a broken connection looks like a hidden response, the request is repeated, in the end
 * whenever the page becomes visible. `reply`: the response to the loader's request, if any.
 */
export async function fetchRecord(
	url: string,
	life: AbortSignal,
	reply: Response | undefined,
	{ createNetwork, createRetries, requestText, failureOfResponse, watchPolicy }: RecordTools,
): Promise<Values | null> {
	const ended = new AbortController();
	const { signal } = ended;
	const end = () => ended.abort();
	life.addEventListener("abort", end);
	const network = createNetwork(signal);
	const retries = createRetries(network);
	let hidden = 0;
	let hinted = false;
	const check = () => {
		if (!hinted) console.warn(`No chat: check data-widget, and its allowed origins, at ${url}`);
		hinted = true;
	};

	/**
	 * Whether the server responds at all. CORS hides a response from a site that is not allowed as if
	 * there were none; a request with mode no-cors (Fetch standard) still succeeds if there was a
	 * response.
	 */
	function isAnswered(): Promise<boolean> {
		return requestText({ url, mode: "no-cors" }, signal).then(
			() => true,
			({ kind }: Reason) => kind !== "unreachable",
		);
	}

	/** Waits for the next attempt; throws if there is none. */
	async function accept(failure: Reason): Promise<void> {
		const isHidden = failure.kind === "unreachable" && (await isAnswered());
		hidden = isHidden ? hidden + 1 : 0;
		if (isHidden) check();
		if (hidden >= HIDDEN_MAX) await network.pause(0, FOREVER_MS);
		else {
			retries.accept(failure);
			await retries.wait(failure);
		}
	}

	watchPolicy(url, signal).addEventListener("abort", () => {
		hinted = true;
		end();
	});
	try {
		await accept(reply ? failureOfResponse(reply) : { kind: "unreachable", retryAfterMs: null });
		while (!signal.aborted) {
			try {
				return { ...parseObject(await requestText({ url }, signal)) };
			} catch (error) {
				await accept(error as Reason);
			}
		}
	} catch {
		check();
	} finally {
		end();
	}
	return null;
}
