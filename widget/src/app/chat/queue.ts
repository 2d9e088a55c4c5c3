// The messages whose replies are pending, oldest first: kept across reloads until the replies have arrived.

import { type FailureKind, toFailureKind } from "../net/failure";
import { parseObject, stringify, textOf } from "../net/parse";
import type { BrowserStorage } from "./browser-storage";
import type { Wish } from "./state";

export interface Sending {
	readonly clientMessageId: string;
	readonly text: string;
	/** true: it asks for a person, so the model does not answer. */
	readonly asksPerson?: Wish | undefined;
	/** If set, only the visitor can retry. */
	readonly failure: FailureKind | null;
}

export interface Queue {
	/** Only the first one may have been sent. */
	get(): readonly Sending[];
	/** Adds it, or replaces the one with its id. */
	put(sending: Sending): void;
	remove(clientMessageId: string): void;
	clear(): void;
}

const KEY = "banter.sending";

function readSending(value: unknown): Sending[] {
	const { clientMessageId, text, failure }: { readonly [K in keyof Sending]?: unknown } =
		Object(value);
	if (typeof clientMessageId !== "string" || typeof text !== "string") return [];
	return [{ ...Object(value), failure: toFailureKind(failure) }];
}

/** `to`: the server that the messages are for; another page of the site may use another one. */
export function openQueue(storage: BrowserStorage, to: string, space = ""): Queue {
	const key = KEY + space;

	function get(): readonly Sending[] {
		const kept: { to?: unknown; list?: unknown } = { ...parseObject(textOf(storage.getItem(key))) };
		return kept.to === to && Array.isArray(kept.list) ? kept.list.flatMap(readSending) : [];
	}

	function set(list: readonly Sending[]): void {
		if (list.length === 0) storage.removeItem(key);
		else storage.setItem(key, stringify({ to, list }));
	}

	return {
		get,
		put(sending) {
			const list = [...get()];
			const at = list.findIndex((one) => one.clientMessageId === sending.clientMessageId);
			list.splice(at === -1 ? list.length : at, 1, sending);
			set(list);
		},
		remove: (id) => set(get().filter((one) => one.clientMessageId !== id)),
		clear: () => set([]),
	};
}
