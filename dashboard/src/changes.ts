// Hears of changes from the server (GET /v1/admin/events) while the tab is visible. A hidden tab has no
// connection, and reads everything again when it becomes visible.

import type { Webhook } from "../../workerd/api/openapi/openapi";
import type { Surroundings } from "./poll";

export type ChangeKind = Webhook["kinds"][number];

/** The part of EventSource that is used. */
export type Source = Pick<EventSource, "onopen" | "onmessage" | "onerror" | "readyState" | "close">;

export interface Following {
	/** Changes are heard of: there is no need to ask. */
	isLive(): boolean;
	stop(): void;
}

/** An EventSource tries again by itself, unless the server refuses. */
const REFUSED_MS = 10_000;
const CLOSED = 2;

/** `changed` is also called whenever changes may have been missed. */
export function followChanges(
	kinds: readonly ChangeKind[],
	changed: () => void,
	around: Surroundings,
	open: (url: string) => Source = (url) => new EventSource(url),
): Following {
	let source: Source | null = null;
	let isLive = false;
	let cancel = () => {};

	function close() {
		cancel();
		source?.close();
		source = null;
		isLive = false;
	}

	function connect() {
		close();
		if (!around.isVisible()) return;
		const opened = open(`/v1/admin/events?kinds=${kinds.join()}`);
		source = opened;
		opened.onopen = () => {
			isLive = true;
			changed();
		};
		opened.onmessage = changed;
		opened.onerror = () => {
			const wasLive = isLive;
			isLive = false;
			if (opened.readyState === CLOSED) cancel = around.after(REFUSED_MS, connect);
			// Starts the polls.
			if (wasLive) changed();
		};
	}

	const unwatch = around.onVisibility(connect);
	connect();
	return {
		isLive: () => isLive,
		stop() {
			unwatch();
			close();
		},
	};
}
