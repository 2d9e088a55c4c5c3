// The message whose reply is pending in this tab, kept across reloads until the reply has arrived.

import { parseObject } from "../net/events";
import { type FailureKind, toFailureKind } from "../net/failure";
import type { BrowserStorage } from "./browser-storage";

export interface Sending {
	readonly clientMessageId: string;
	readonly text: string;
	/** The reply's id, once known. */
	readonly messageId: string | null;
	/** If set, only the visitor can retry. */
	readonly failure: FailureKind | null;
}

export interface Outbox {
	get(): Sending | null;
	put(sending: Sending): void;
	clear(): void;
}

const KEY = "banter.sending";

type Unchecked = { readonly [K in keyof Sending | "to"]?: unknown };

function read(text: string, to: string): Sending | null {
	const kept: Unchecked = { ...parseObject(text) };
	const { clientMessageId, text: message, messageId, failure } = kept;
	if (typeof clientMessageId !== "string" || typeof message !== "string") return null;
	if (kept.to !== to) return null;
	return {
		clientMessageId,
		text: message,
		messageId: typeof messageId === "string" ? messageId : null,
		failure: toFailureKind(failure),
	};
}

/** `to`: the server that the messages are for; another page of the site may use another one. */
export function openOutbox(storage: BrowserStorage, to: string, space = ""): Outbox {
	const key = KEY + space;
	return {
		get: () => read(storage.getItem(key) ?? "", to),
		put: (sending) => storage.setItem(key, JSON.stringify({ ...sending, to })),
		clear: () => storage.removeItem(key),
	};
}
