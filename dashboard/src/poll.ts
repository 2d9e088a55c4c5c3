// Polls while the tab is visible: immediately, then `every` milliseconds after each response, never
// two requests at a time. A hidden tab sends nothing and catches up when it becomes visible.
// Failures increase the interval. While the server reports changes, only these cause requests.

import type { Following } from "./changes";
import { ApiError } from "./errors";

const LONGEST_WAIT_MS = 60_000;
/** Changes that come within this time cause one request. */
const SETTLE_MS = 250;

/** The parts of the browser that polling uses. */
export interface Surroundings {
	isVisible(): boolean;
	/** Returns the unsubscribe function. */
	onVisibility(changed: () => void): () => void;
	/** Returns the cancel function. */
	after(ms: number, run: () => void): () => void;
}

export interface PollOptions<T> {
	readonly every: number;
	load(signal: AbortSignal): Promise<T>;
	onData(data: T): void;
	onError(error: ApiError): void;
	/** Calls `changed` when there may be new data; without it, only polls find out. */
	follow?(changed: () => void): Following;
}

export interface Poll {
	/** Polls immediately; settles when the response has been delivered. */
	refresh(): Promise<void>;
	/** Aborts a running request; nothing is delivered afterwards. */
	stop(): void;
}

/** The interval after this many consecutive failures (0: success). */
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
	let cancelChange: (() => void) | null = null;

	function plan(retryAfterMs: number | null) {
		if (over || !around.isVisible()) return;
		if (failures === 0 && following?.isLive()) return;
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

	function hear(): void {
		cancelChange ??= around.after(SETTLE_MS, () => {
			cancelChange = null;
			// A running request may have been answered before the change.
			if (running) void running.then(refresh);
			else void refresh();
		});
	}

	const unwatch = around.onVisibility(() => {
		if (around.isVisible()) void refresh();
		else cancelTimer();
	});
	const following = options.follow?.(hear);
	void refresh();

	return {
		refresh,
		stop() {
			over = true;
			cancelTimer();
			cancelChange?.();
			following?.stop();
			unwatch();
			abort.abort();
		},
	};
}
