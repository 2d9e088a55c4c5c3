// The history, fetched for as long as there is hope.

import type { Client } from "./client";
import { type FailureKind, failureFrom } from "./failure";
import type { History } from "./history";
import type { Network } from "./network";
import { createPatience } from "./patience";

/** null: this server keeps none for us. `onWait` hears why it takes longer. */
export async function fetchHistory(
	client: Client,
	network: Network,
	signal?: AbortSignal,
	onWait: (why: FailureKind) => void = () => undefined,
): Promise<History | null> {
	const patience = createPatience(network);
	for (;;) {
		try {
			return await client.history(signal);
		} catch (error) {
			const failure = failureFrom(error);
			if (signal?.aborted) throw failure;
			onWait(failure.kind);
			patience.accept(failure);
			await patience.wait(failure, signal);
		}
	}
}
