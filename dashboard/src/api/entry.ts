// One thing that a page shows, kept up to date: loaded when somebody looks at it, again when the change feed
// reports a change of its kinds, and by polls only while the feed does not work. Never two requests at a time.

import type { Answer } from "./client";
import { ApiError } from "./errors";
import type { Change, ChangeKind, Feed } from "./feed";
import type { Surroundings } from "./surroundings";

/** Neither data nor error: loading. Both: old data, because the last refresh failed. */
export interface Remote<T> {
	readonly data: T | null;
	readonly error: ApiError | null;
	readonly etag: string | undefined;
}

export interface Source<T> {
	load(signal: AbortSignal): Promise<Answer<T>>;
	/** The kinds of changes after which the data is loaded again. */
	readonly kinds: readonly ChangeKind[];
	/** Changes that come within this time cause one request; by default SETTLE_MS. */
	readonly calmMs?: number;
	/** Which of these changes matter; by default all. */
	isAffected?(change: Change): boolean;
}

export interface Entry<T> {
	get(): Remote<T>;
	/** Loads again; settles when a response has been delivered. */
	refresh(): Promise<void>;
	/** Shows data before the server has confirmed it, or what the server returned for a change. */
	set(data: T, etag?: string): void;
	/** While somebody looks. Returns the function that ends it. */
	look(changed: () => void): () => void;
}

/** So short that a change seems to be there at once, so long that a batch of changes is one request. */
const SETTLE_MS = 250;
const POLL_MS = 10_000;
const LONGEST_POLL_MS = 60_000;

/** The wait after this many consecutive failures (0: success). */
export function nextWait(failures: number, retryAfterMs: number | null): number {
	return Math.max(Math.min(POLL_MS * 2 ** failures, LONGEST_POLL_MS), retryAfterMs ?? 0);
}

export function createEntry<T>(source: Source<T>, feed: Feed, around: Surroundings): Entry<T> {
	const lookers = new Set<() => void>();
	let remote: Remote<T> = { data: null, error: null, etag: undefined };
	let abort: AbortController | null = null;
	let running: Promise<void> | null = null;
	let failures = 0;
	let cancelPoll = () => {};
	let cancelSettle: (() => void) | null = null;
	let endings: Array<() => void> = [];
	/** Whether a change came after the running request had begun. */
	let isStale = false;
	/** Whether `set` has shown newer data than the running request will bring. */
	let isOverruled = false;

	function show(next: Remote<T>) {
		remote = next;
		for (const changed of lookers) changed();
	}

	function plan(retryAfterMs: number | null) {
		cancelPoll();
		const isNeeded = failures > 0 || !feed.isLive();
		if (lookers.size === 0 || !around.isVisible() || !isNeeded || remote.error?.isFinal) return;
		cancelPoll = around.after(nextWait(failures, retryAfterMs), () => void refresh());
	}

	async function ask(signal: AbortSignal): Promise<void> {
		try {
			const { data, etag } = await source.load(signal);
			if (signal.aborted) return;
			failures = 0;
			if (!isOverruled) show({ data, error: null, etag });
			plan(null);
		} catch (reason) {
			if (signal.aborted) return;
			const error = ApiError.from(reason);
			failures++;
			show({ ...remote, error });
			plan(error.retryAfterMs);
		}
	}

	function refresh(): Promise<void> {
		if (running) {
			isStale = true;
			return running;
		}
		cancelPoll();
		isStale = false;
		isOverruled = false;
		abort = new AbortController();
		const mine = ask(abort.signal).finally(() => {
			if (running !== mine) return;
			running = null;
			if (isStale && lookers.size > 0) void refresh();
		});
		running = mine;
		return mine;
	}

	function hear(change: Change | null) {
		if (change !== null && source.isAffected?.(change) === false) return;
		cancelSettle ??= around.after(source.calmMs ?? SETTLE_MS, () => {
			cancelSettle = null;
			void refresh();
		});
	}

	function begin() {
		endings = [
			feed.listen(source.kinds, hear),
			feed.watch(() => plan(null)),
			around.onChange(() => {
				if (!around.isVisible()) cancelPoll();
				else if (failures > 0 || !feed.isLive()) void refresh();
			}),
		];
		void refresh();
	}

	function end() {
		for (const ending of endings) ending();
		cancelPoll();
		cancelSettle?.();
		cancelSettle = null;
		abort?.abort();
		running = null;
	}

	return {
		get: () => remote,
		refresh,
		set(data, etag = remote.etag) {
			if (running) {
				isOverruled = true;
				isStale = true;
			}
			show({ data, error: null, etag });
		},
		look(changed) {
			lookers.add(changed);
			if (lookers.size === 1) begin();
			return () => {
				lookers.delete(changed);
				if (lookers.size === 0) end();
			};
		},
	};
}
