// How often a request is retried automatically.

import { backoff, type Network } from "./backoff";
import { ChatFailure, isPassing, type Reason } from "./failure";

/** Consecutive failures (about 4 minutes) after which only the visitor can retry. */
const FAILURES_MAX = 20;
/** How often an interrupted reply is requested again. */
const ANEW_MAX = 5;

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
			if (failures > FAILURES_MAX || !isPassing(failure)) throw failure;
			if (isBroken(failure) && ++anew > ANEW_MAX) throw new ChatFailure("interrupted");
		},
		wait: ({ retryAfterMs }) => network.pause(retryAfterMs ?? 0, backoff(failures - 1)),
	};
}
