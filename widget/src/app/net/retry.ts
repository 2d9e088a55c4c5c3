// How often a request is retried automatically.

import { backoff, type Network } from "./backoff";
import { ChatFailure, isPassing, type Reason } from "./failure";

/** Consecutive failures (about 4 minutes) after which only the visitor can retry, except by a rate limit. */
const FAILURES_MAX = 20;
/** How often an interrupted reply is requested again. */
const ANEW_MAX = 5;
/** The longest wait before another look; browsers count the milliseconds of a timer in 31 bits. */
const WAIT_MAX_MS = 3_600_000;

/** The server interrupted the reply; asking again restarts it. */
function isBroken({ kind }: Reason): boolean {
	return kind === "interrupted" || kind === "lost";
}

/** The retries of one request. */
export interface Retries {
	/** Counts a failure; throws it if it is permanent or the limit is reached. */
	accept(failure: Reason): void;
	wait(failure: Reason): Promise<void>;
}

export function createRetries(network: Network): Retries {
	let failures = 0;
	let anew = 0;
	return {
		accept(failure) {
			failures++;
			const isOver = failures > FAILURES_MAX && failure.kind !== "too_many";
			if (isOver || !isPassing(failure)) throw failure;
			if (isBroken(failure) && ++anew > ANEW_MAX) throw new ChatFailure("interrupted");
		},
		wait: ({ retryAfterMs }) =>
			network.pause(Math.min(retryAfterMs ?? 0, WAIT_MAX_MS), backoff(failures - 1)),
	};
}
