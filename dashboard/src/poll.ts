// Asks again and again, while someone is looking: at once, then `every`
// milliseconds after each answer, never two calls at a time. A hidden tab asks
// nothing and catches up when it is seen again. Failures space the calls out.

import { ApiError } from "./errors";

const LONGEST_WAIT_MS = 60_000;

/** The browser, as far as polling needs it. */
export interface Surroundings {
	isVisible(): boolean;
	/** Returns what ends the watch. */
	onVisibility(changed: () => void): () => void;
	/** Returns what cancels it. */
	after(ms: number, run: () => void): () => void;
}

export interface PollOptions<T> {
	readonly every: number;
	load(signal: AbortSignal): Promise<T>;
	onData(data: T): void;
	onError(error: ApiError): void;
}

export interface Poll {
	/** Now, whatever the plan was; settles when the answer has been handed over. */
	refresh(): Promise<void>;
	/** Aborts what is under way; nothing is handed over any more. */
	stop(): void;
}

/** The wait after so many failures in a row, 0 meaning that it went well. */
export function nextWait(every: number, failures: number, retryAfterMs: number | null): number {
	const backoff = Math.min(every * 2 ** failures, Math.max(every, LONGEST_WAIT_MS));
	return Math.max(backoff, retryAfterMs ?? 0);
}

export function startPoll<T>(options: PollOptions<T>, around: Surroundings): Poll {
	const abort = new AbortController();
	let running: Promise<void> | null = null;
	let cancelTimer = () => {};
	let failures = 0;
	let over = false;

	function plan(retryAfterMs: number | null) {
		if (over || !around.isVisible()) return;
		cancelTimer = around.after(
			nextWait(options.every, failures, retryAfterMs),
			() => void refresh(),
		);
	}

	async function ask(): Promise<void> {
		try {
			const data = await options.load(abort.signal);
			if (over) return;
			failures = 0;
			options.onData(data);
			plan(null);
		} catch (reason) {
			if (over) return;
			const error =
				reason instanceof ApiError ? reason : new ApiError("garbled", 0, String(reason));
			failures++;
			over = error.isFinal;
			options.onError(error);
			plan(error.retryAfterMs);
		}
	}

	function refresh(): Promise<void> {
		if (over) return Promise.resolve();
		cancelTimer();
		running ??= ask().finally(() => {
			running = null;
		});
		return running;
	}

	const unwatch = around.onVisibility(() => {
		if (around.isVisible()) void refresh();
		else cancelTimer();
	});
	void refresh();

	return {
		refresh,
		stop() {
			over = true;
			cancelTimer();
			unwatch();
			abort.abort();
		},
	};
}
