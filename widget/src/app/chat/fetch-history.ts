// Fetches the history, with retries.

import type { Network } from "../net/backoff";
import type { Client } from "../net/client";
import { type FailureKind, failureFrom } from "../net/failure";
import { createRetries } from "../net/retry";
import type { History } from "./history";

/** null: this server keeps no history. `onWait` is called with the reason of each delay. */
export async function fetchHistory(
	client: Client,
	network: Network,
	signal?: AbortSignal,
	onWait: (why: FailureKind) => void = () => undefined,
): Promise<History | null> {
	const retries = createRetries(network);
	for (;;) {
		try {
			return await client.history(signal);
		} catch (error) {
			const failure = failureFrom(error);
			if (signal?.aborted) throw failure;
			onWait(failure.kind);
			retries.accept(failure);
			await retries.wait(failure, signal);
		}
	}
}
