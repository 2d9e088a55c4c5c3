// One open conversation: reads its messages page by page, follows its events, and says what has changed. It lives as
// long as somebody looks at it.

import type { LiveEvent, Message, Thread } from "../../../workerd/api/openapi/openapi";
import type { Client } from "../api/client";
import { ApiError } from "../api/errors";
import type { Surroundings } from "../api/surroundings";
import type { Item } from "./item";
import {
	type Span,
	spanOf,
	withEvent,
	withMessage,
	withNewer,
	withNewest,
	withOlder,
} from "./span";
import { followConversation } from "./stream";

const PAGE = 50;
/** How long a typing event is valid. */
const TYPING_MS = 6_000;
const RETRY_MS = 5_000;

export type End = "previous" | "next";

interface Query {
	readonly latest?: true;
	readonly around?: string;
	readonly before?: string;
	readonly cursor?: string;
	readonly limit: number;
}

export interface ThreadView {
	/** null: the first page is not there yet. */
	readonly span: Span | null;
	/** Why the messages could not be loaded, or not be loaded again. */
	readonly error: ApiError | null;
	/** The same for the messages before and behind those that are there. */
	readonly ends: Readonly<Record<End, "idle" | "loading" | ApiError>>;
	readonly isLive: boolean;
	readonly isVisitorTyping: boolean;
	/** The conversation has been deleted, or does not exist. */
	readonly isGone: boolean;
	/** The message that a link names. */
	readonly target: string | null;
	/** The linked message does not exist. */
	readonly isTargetMissing: boolean;
}

const START: ThreadView = {
	span: null,
	error: null,
	ends: { previous: "idle", next: "idle" },
	isLive: false,
	isVisitorTyping: false,
	isGone: false,
	target: null,
	isTargetMissing: false,
};

export interface Controller {
	get(): ThreadView;
	/** Begins at the newest messages, or around one. Returns the function that ends it. */
	open(messageId: string | undefined): () => void;
	/** Loads what precedes or follows. */
	load(end: End): void;
	toNewest(): void;
	/** Shows a message, and loads those around it if necessary. */
	show(messageId: string): void;
	/** Reads one message again: its details and its rating. */
	reread(messageId: string): Promise<void>;
	/** A message that this page has written. */
	add(message: Message): void;
	retry(): Promise<void>;
}

interface Listener {
	changed(): void;
	/** A message that is complete and that the reader has not seen. */
	onArrival(item: Item): void;
	onEvent(event: LiveEvent): void;
}

export function createController(
	id: string,
	api: Client,
	around: Surroundings,
	listener: Listener,
): Controller {
	let view = START;
	/** Of all requests about the present span. */
	let abort = new AbortController();
	let cancelTyping = () => {};
	let cancelRetry = () => {};
	/** The first page is being read: what happens now may be missing in it. */
	let isReading = false;
	let hasMissed = false;

	function set(change: Partial<ThreadView>) {
		view = { ...view, ...change };
		listener.changed();
	}

	function read(query: Query, signal: AbortSignal): Promise<Thread> {
		return api.get("/v1/admin/conversations/{conversationId}", {
			path: { conversationId: id },
			// The document says true as a text.
			query: query as Omit<Query, "latest">,
			signal,
		});
	}

	function fail(reason: unknown) {
		const error = ApiError.from(reason);
		if (error.status === 404 || error.code === "invalid_conversation_id") set({ isGone: true });
		else set({ error });
	}

	/** Reads the first page again, with another one in view. */
	async function begin(target: string | null): Promise<void> {
		abort.abort();
		abort = new AbortController();
		const { signal } = abort;
		cancelRetry();
		set({ target, isTargetMissing: false, ends: START.ends });
		isReading = true;
		hasMissed = false;
		try {
			const page = await read(
				target === null ? { latest: true, limit: PAGE } : { around: target, limit: PAGE },
				signal,
			);
			isReading = false;
			set({ span: spanOf(page, Date.now()), error: null });
			if (hasMissed) void catchUp();
		} catch (reason) {
			if (signal.aborted) return;
			isReading = false;
			if (target !== null && ApiError.from(reason).code === "message_not_found") {
				await begin(null);
				set({ isTargetMissing: true });
				return;
			}
			fail(reason);
			if (!view.isGone) cancelRetry = around.after(RETRY_MS, () => void begin(target));
		}
	}

	/** Events may have been missed. */
	async function catchUp(): Promise<void> {
		if (isReading) hasMissed = true;
		if (isReading || !view.span || view.span.next !== null) return;
		const { signal } = abort;
		cancelRetry();
		try {
			const page = await read({ latest: true, limit: PAGE }, signal);
			if (view.span) set({ span: withNewest(view.span, page, Date.now()), error: null });
		} catch (reason) {
			if (signal.aborted) return;
			fail(reason);
			if (!view.isGone) cancelRetry = around.after(RETRY_MS, () => void catchUp());
		}
	}

	function onTyping() {
		cancelTyping();
		set({ isVisitorTyping: true });
		cancelTyping = around.after(TYPING_MS, () => set({ isVisitorTyping: false }));
	}

	function onEvent(event: LiveEvent) {
		listener.onEvent(event);
		if (event.type === "erased") set({ isGone: true });
		if (event.type === "typing" && event.role === "user") onTyping();
		if (event.type === "message" && event.role === "user") {
			cancelTyping();
			set({ isVisitorTyping: false });
		}
		if (/^(message|start|done)$/.test(event.type)) hasMissed ||= isReading;
		if (!view.span) return;
		const span = withEvent(view.span, event, Date.now());
		if (span === view.span) return;
		set({ span });
		if (event.type !== "message" && event.type !== "done") return;
		const newest = [...span.items, ...span.tail];
		const which = event.type === "done" ? event.messageId : event.id;
		const item = newest.find((one) => one.id === which);
		if (item) listener.onArrival(item);
	}

	return {
		get: () => view,
		open(messageId) {
			void begin(messageId ?? null);
			const unfollow = followConversation(id, around, {
				onBegin: () => void catchUp(),
				onEvent,
				onLive: (isLive) => isLive !== view.isLive && set({ isLive }),
				onRefused: () => void catchUp(),
			});
			return () => {
				unfollow();
				abort.abort();
				cancelTyping();
				cancelRetry();
			};
		},
		load(end) {
			const cursor = view.span?.[end];
			if (!cursor || view.ends[end] === "loading") return;
			const { signal } = abort;
			set({ ends: { ...view.ends, [end]: "loading" } });
			read({ [end === "previous" ? "before" : "cursor"]: cursor, limit: PAGE }, signal).then(
				(page) => {
					const { span } = view;
					if (signal.aborted || !span) return;
					set({
						ends: { ...view.ends, [end]: "idle" },
						span: end === "previous" ? withOlder(span, page) : withNewer(span, page, Date.now()),
					});
				},
				(reason) => {
					if (!signal.aborted) set({ ends: { ...view.ends, [end]: ApiError.from(reason) } });
				},
			);
		},
		toNewest: () => void begin(null),
		show(messageId) {
			if (view.span?.items.some((item) => item.id === messageId))
				set({ target: messageId, isTargetMissing: false });
			else void begin(messageId);
		},
		async reread(messageId) {
			const { signal } = abort;
			const { messages } = await read({ around: messageId, limit: 1 }, signal);
			const message = messages.find((one) => one._id === messageId);
			if (message && view.span?.items.some((one) => one.id === messageId))
				set({ span: withMessage(view.span, message) });
		},
		add(message) {
			if (view.span) set({ span: withMessage(view.span, message) });
		},
		retry: () => (view.span ? catchUp() : begin(view.target)),
	};
}
