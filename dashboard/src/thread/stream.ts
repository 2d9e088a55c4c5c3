// The events of one conversation, as they happen. The browser resumes a lost stream without gap; after all other
// interruptions the conversation must be read again. A hidden tab has no stream: browsers allow few per server.

import type { LiveEvent } from "../../../workerd/api/openapi/openapi";
import type { Source } from "../api/feed";
import type { Surroundings } from "../api/surroundings";

export interface StreamListener {
	/** The stream has begun, and events may have been missed before. */
	onBegin(): void;
	onEvent(event: LiveEvent): void;
	/** Whether events arrive. */
	onLive(isLive: boolean): void;
	/** The server refuses the stream: is there still such a conversation? */
	onRefused(): void;
}

const CLOSED = 2;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Returns the function that ends it. */
export function followConversation(
	id: string,
	around: Surroundings,
	listener: StreamListener,
	open: (url: string) => Source = (url) => new EventSource(url),
): () => void {
	let source: Source | null = null;
	let hasBegun = false;
	let failures = 0;
	let cancel = () => {};

	function close() {
		cancel();
		source?.close();
		source = null;
		listener.onLive(false);
	}

	function connect() {
		close();
		hasBegun = false;
		const opened = open(`/v1/admin/conversations/${encodeURIComponent(id)}/events`);
		source = opened;
		opened.onmessage = ({ data }: MessageEvent<string>) => {
			failures = 0;
			listener.onLive(true);
			const event = JSON.parse(data) as LiveEvent;
			listener.onEvent(event);
			if (hasBegun || event.type !== "state") return;
			hasBegun = true;
			listener.onBegin();
		};
		opened.onerror = () => {
			listener.onLive(false);
			if (opened.readyState !== CLOSED) return;
			listener.onRefused();
			const wait = Math.min(FIRST_WAIT_MS * 2 ** failures++, LONGEST_WAIT_MS);
			cancel = around.after(wait, connect);
		};
	}

	const unwatch = around.onChange(() => {
		const isNeeded = around.isVisible();
		if (!isNeeded) close();
		else if (source === null || source.readyState === CLOSED) connect();
	});
	if (around.isVisible()) connect();
	return () => {
		unwatch();
		close();
	};
}
