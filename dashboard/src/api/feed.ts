// The server's change feed (GET /v1/admin/events): one stream for all parts of the dashboard. It reports which
// records have changed; the listeners read them again. The browser resumes a lost stream by Last-Event-ID. A
// hidden tab has no stream, unless something such as notifications needs it. When it becomes visible, it resumes behind
// the last event that it has, and the listeners hear exactly what they missed.

import type { Change } from "../../../workerd/api/openapi/openapi";
import { address } from "./client";
import type { Surroundings } from "./surroundings";

export type { Change };
export type ChangeKind = Change["kind"];

/** The part of EventSource that is used. */
export type Source = Pick<EventSource, "onopen" | "onmessage" | "onerror" | "readyState" | "close">;

/** null: changes may have been missed, so read everything again. */
export type Listener = (change: Change | null) => void;

export interface Feed {
	/** True while the stream is open: nobody needs to poll. */
	isLive(): boolean;
	/** Returns the function that ends it. */
	listen(kinds: readonly ChangeKind[], listener: Listener): () => void;
	/** Calls `changed` whenever `isLive()` changes. Returns the function that ends it. */
	watch(changed: () => void): () => void;
	/** Whether a hidden tab keeps the stream. */
	keepWhenHidden(keep: boolean): void;
	start(): void;
	/** Closes the stream; after the user signed out. */
	stop(): void;
}

/** The wait after the server refused; an EventSource tries again by itself only after a lost connection. */
const REFUSED_MS = 10_000;
const CLOSED = 2;
const EVENTS = "/v1/admin/events";

export function createFeed(
	around: Surroundings,
	open: (url: string) => Source = (url) => new EventSource(url),
): Feed {
	const listeners = new Set<{ kinds: ReadonlySet<ChangeKind>; listener: Listener }>();
	const watchers = new Set<() => void>();
	let source: Source | null = null;
	let isLive = false;
	let isStarted = false;
	let keeps = false;
	let hasGap = false;
	/** The number of the last event; null: none came yet, so that only a new beginning is possible. */
	let last: number | null = null;
	let cancel = () => {};

	function setLive(live: boolean) {
		if (live === isLive) return;
		isLive = live;
		for (const watcher of watchers) watcher();
	}

	function report(change: Change | null) {
		for (const { kinds, listener } of [...listeners])
			if (change === null || kinds.has(change.kind)) listener(change);
	}

	function close() {
		cancel();
		source?.close();
		source = null;
	}

	function connect() {
		close();
		if (!isStarted || (!around.isVisible() && !keeps)) {
			setLive(false);
			return;
		}
		// Without a number, what happened before the stream is open stays unknown.
		hasGap ||= last === null;
		const opened = open(address(EVENTS, {}, { lastEventId: last }));
		const isResumed = last !== null;
		source = opened;
		opened.onopen = () => {
			setLive(true);
			if (hasGap) report(null);
			hasGap = false;
		};
		opened.onmessage = ({ data }: MessageEvent<string>) => {
			const change = JSON.parse(data) as Change;
			last = change.seq;
			report(change);
		};
		opened.onerror = () => {
			setLive(false);
			if (opened.readyState !== CLOSED) return;
			// Such as 410: what happened meanwhile cannot be resumed.
			last = null;
			cancel = around.after(isResumed ? 0 : REFUSED_MS, connect);
		};
	}

	around.onChange(() => {
		const isNeeded = isStarted && (around.isVisible() || keeps);
		if (isNeeded !== (source !== null)) connect();
	});

	return {
		isLive: () => isLive,
		listen(kinds, listener) {
			const entry = { kinds: new Set(kinds), listener };
			listeners.add(entry);
			return () => void listeners.delete(entry);
		},
		watch(changed) {
			watchers.add(changed);
			return () => void watchers.delete(changed);
		},
		keepWhenHidden(keep) {
			keeps = keep;
			if (!around.isVisible()) connect();
		},
		start() {
			if (isStarted) return;
			isStarted = true;
			connect();
		},
		stop() {
			isStarted = false;
			last = null;
			connect();
		},
	};
}
