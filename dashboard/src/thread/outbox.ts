// The operator's messages on their way to the server, in their order. Each has an id of the client, so that sending it
// again after a lost answer stores it once. They are kept on this device until the server has confirmed them: a
// closed tab loses nothing. Another user of the device neither sees nor sends them.

import type { Message, MessageFile } from "../../../workerd/api/openapi/openapi";
import { ApiError } from "../api/errors";
import type { Surroundings } from "../api/surroundings";
import type { Item } from "./item";

export interface Outgoing {
	/** The client's id of the message. */
	readonly id: string;
	readonly content: string;
	readonly files?: readonly MessageFile[] | undefined;
	readonly at: number;
	/** The newest message of the thread when it was written. */
	readonly after: string | null;
	/** Why it was not sent; null: it is on its way. */
	readonly error: ApiError | null;
}

export interface Outbox {
	get(): readonly Outgoing[];
	send(content: string, after: string | null, files?: readonly MessageFile[]): void;
	/** Sends what has failed again. */
	retry(): void;
	/** Takes a message back that was not sent. */
	drop(id: string): void;
	/** Begins to send; returns the function that ends it. */
	open(): () => void;
}

interface Parts {
	readonly store: Pick<Storage, "getItem" | "setItem" | "removeItem">;
	readonly around: Surroundings;
	post(one: Outgoing): Promise<Message>;
	changed(): void;
	onSent(message: Message): void;
	newId(): string;
	now(): number;
}

/** So often a lost answer is asked for again before the operator must decide. */
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 800;
/** Older messages, after a reload, wait for the operator: the conversation has gone on. */
const FRESH_MS = 5 * 60_000;

/** Another attempt may succeed. */
const isLost = ({ status }: ApiError): boolean => status === 0 || status === 429 || status >= 500;

function restore(text: string | null, now: number): Outgoing[] {
	try {
		const list = JSON.parse(text ?? "[]") as Array<Omit<Outgoing, "error">>;
		return list.map((one) => ({
			...one,
			error: now - one.at < FRESH_MS ? null : new ApiError("network", 0, "not sent"),
		}));
	} catch {
		return [];
	}
}

/** `user`: the operator's id. */
export function createOutbox(user: string, conversationId: string, parts: Parts): Outbox {
	const { store, around } = parts;
	const key = `banter:outbox:${user}:${conversationId}`;
	let list: readonly Outgoing[] = [];
	let isSending = false;
	let isOpen = false;
	let attempts = 0;
	let cancel = () => {};
	try {
		list = restore(store.getItem(key), parts.now());
	} catch {
		// The browser forbids storage.
	}

	function set(next: readonly Outgoing[]) {
		list = next;
		try {
			if (list.length === 0) store.removeItem(key);
			else store.setItem(key, JSON.stringify(list.map(({ error: _, ...one }) => one)));
		} catch {
			// A full or forbidden storage: they live as long as the page.
		}
		parts.changed();
	}

	const fail = (error: ApiError) => set(list.map((one) => ({ ...one, error })));

	/** One at a time: a later message must not overtake one that has failed. */
	async function pump(): Promise<void> {
		const next = list[0];
		if (!next || isSending || !isOpen || next.error) return;
		isSending = true;
		cancel();
		try {
			const message = await parts.post(next);
			attempts = 0;
			parts.onSent(message);
			set(list.filter(({ id }) => id !== next.id));
		} catch (reason) {
			const error = ApiError.from(reason);
			attempts++;
			if (!isLost(error) || attempts >= ATTEMPTS) fail(error);
			else {
				const wait = Math.max(FIRST_WAIT_MS * 2 ** (attempts - 1), error.retryAfterMs ?? 0);
				cancel = around.after(wait, () => void pump());
				return;
			}
		} finally {
			isSending = false;
		}
		void pump();
	}

	function retry() {
		attempts = 0;
		set(list.map((one) => ({ ...one, error: null })));
		void pump();
	}

	return {
		get: () => list,
		send(content, after, files) {
			const error = list.find((one) => one.error)?.error ?? null;
			const one = { id: parts.newId(), content, files, at: parts.now(), after, error };
			set([...list, one]);
			void pump();
		},
		retry,
		drop: (id) => set(list.filter((one) => one.id !== id)),
		open() {
			isOpen = true;
			void pump();
			const unwatch = around.onChange(() => {
				const failure = list[0]?.error;
				// The network is back, or somebody looks again.
				if (failure?.status === 0 && around.isVisible() && attempts >= ATTEMPTS) retry();
			});
			return () => {
				isOpen = false;
				unwatch();
				cancel();
			};
		},
	};
}

/** Those that the thread does not have yet: an event may bring a message before its own answer does. */
export function withoutArrived(
	outgoing: readonly Outgoing[],
	items: readonly Item[],
	isMine: (item: Item) => boolean,
): Outgoing[] {
	const taken = new Set<string>();
	const idsOf = ({ files = [] }: Pick<Item, "files">) => files.map(({ id }) => id).join();
	return outgoing.filter(({ content, files, after }) => {
		const from = items.findIndex(({ id }) => id === after) + 1;
		const arrived = items
			.slice(from)
			.find(
				(item) =>
					!taken.has(item.id) &&
					isMine(item) &&
					item.text === content &&
					idsOf(item) === idsOf({ files }),
			);
		if (arrived) taken.add(arrived.id);
		return !arrived;
	});
}
