// How long a request is tried again by itself.

import { backoff, type Network } from "./backoff";
import { ChatFailure, isPassing } from "./failure";

/** Failures in a row, some 4 minutes, after which only the visitor tries again. */
const FAILURES_MAX = 20;
/** How often a reply that broke off on the server is begun anew. */
const ANEW_MAX = 5;

/** It broke off on the server, where it may be begun anew. */
export function isBroken({ kind }: ChatFailure): boolean {
	return kind === "interrupted" || kind === "lost";
}

/** Of one message, or of one thing that is asked for. */
export interface Retries {
	/** Something came: the next failure is the first. */
	reward(): void;
	/** Throws the failure when it will not pass, or has lasted too long. */
	accept(failure: ChatFailure): void;
	/** Whether somebody would notice the wait: most connections are back before that. */
	isTried(failure: ChatFailure): boolean;
	wait(failure: ChatFailure, signal?: AbortSignal): Promise<void>;
}

export function createRetries(network: Network): Retries {
	let failures = 0;
	let anew = 0;
	return {
		reward() {
			failures = 0;
		},
		accept(failure) {
			failures++;
			if (failures > FAILURES_MAX || !isPassing(failure)) throw failure;
			if (isBroken(failure) && ++anew > ANEW_MAX) throw new ChatFailure("interrupted");
		},
		isTried: ({ retryAfterMs }) => failures > 1 || (retryAfterMs ?? 0) > 0 || network.isOffline(),
		wait: ({ retryAfterMs }, signal) =>
			network.pause(retryAfterMs ?? 0, backoff(failures - 1), signal),
	};
}
