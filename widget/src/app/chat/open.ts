// Opens the conversation of a tag: its place, what the browser keeps of it, and what the view can do.

import { serverOf } from "../../loader/tag";
import type { Conversation, Opened, OpenParts } from "../conversation";
import { createNetwork } from "../net/backoff";
import { type OpenCarrier, openLater } from "../net/carrier";
import type { FeedKind } from "../net/feed";
import { watchPolicy } from "../net/policy";
import { openSocket } from "../net/socket";
import { loadPart, usePart } from "../parts";
import { isPlaced } from "../ui/small-screen";
import { type BrowserStorage, openBrowserStorage } from "./browser-storage";
import { createEngine } from "./engine";
import { isAllowed, keyPlace, type Place, widgetPlace } from "./place";
import { openQueue } from "./queue";
import { remember } from "./remember";
import { openSession, randomId, type Session } from "./session";
import { type Action, alone, canShare, share } from "./share";
import { initialState, MAX_MESSAGE, type Wish } from "./state";
import { createStore } from "./store";
import { openTokens, type Tokens } from "./tokens";

/** How many messages may wait for their replies. */
const QUEUE_MAX = 20;

const FEEDS: readonly FeedKind[] = ["x-ndjson", "event-stream", "poll"];

const PASSED = [
	"stop",
	"retry",
	"introduce",
	"skipContact",
	"identify",
	"describe",
	"loadOlder",
	"decide",
	"rate",
	"type",
] as const;

/** The ways to the server, best first. */
function carriersOf(place: Place, token: () => string | null): readonly OpenCarrier[] {
	return [
		(events) => openSocket(new WebSocket(place.url("ws", token())), events),
		...FEEDS.map((kind) =>
			openLater(async () => {
				const { openFeed } = await loadPart("network");
				const url = (leaf: "events" | "frames", after?: string) =>
					place.url(leaf, token(), after === undefined ? {} : { after });
				return (events) => openFeed(kind, url, events);
			}),
		),
	];
}

/** A number in the tab's storage. */
function numberIn(storage: BrowserStorage, key: string) {
	return {
		get: () => (storage.getItem(key) === null ? null : Number(storage.getItem(key))),
		put: (value: number) => storage.setItem(key, `${value}`),
	};
}

/** The session id of the tag with a key: the visitor chooses it, with the first message. */
function tokensOf(session: Session): Tokens {
	return {
		get: () => (session.exists() ? session.id() : null),
		put: session.id,
		drop: session.forget,
	};
}

export function openChat({ shell, settings, words, signal }: OpenParts): Opened {
	const { widgetId, space, server } = shell;
	const { apiUrl = "", apiKey = "" } = shell.script.dataset;
	const place = widgetId
		? widgetPlace(server, widgetId)
		: keyPlace(serverOf(apiUrl, shell.script.src), apiKey.trim());
	const tab = openBrowserStorage(() => sessionStorage, signal);
	// The page may have filled the first one.
	const local = openBrowserStorage(
		() => localStorage,
		signal,
		() => sessionStorage,
	);
	const session = openSession(local, space);
	const tokens = widgetId ? openTokens(local, widgetId) : tokensOf(session);
	const store = createStore(
		initialState(settings.welcomeMessage, shell.wasOpen ?? session.wasOpen(), session.unread()),
		signal,
	);
	const isShared = canShare();
	/** What the tab that runs the conversation has not taken yet. */
	const unsent = openQueue(tab, place.settings, isShared ? `.unsent${space}` : space);
	const queue = isShared ? openQueue(local, place.settings, space) : unsent;
	const blocked = watchPolicy(place.settings, signal);
	/** The session of a key begins with its first message. */
	const token = () => (widgetId ? tokens.get() : session.id());
	const draftKey = `banter.draft${space}`;

	const { act } = (isShared ? share : alone)({
		store,
		signal,
		// Tabs with another version of this script have a connection of their own.
		name: `${import.meta.url.split("?")[0]} ${place.settings} ${apiKey}`,
		hasBegun: () => tokens.get() !== null,
		start(life, isHeir) {
			const { visitor } = store.get();
			// The other tab may have no storage in common with this one.
			if (isHeir && visitor && !tokens.get()) tokens.put(visitor);
			return createEngine({
				store,
				words,
				wish: settings.contact,
				shyness: {
					get: () => tab.getItem(`banter.shy.${widgetId}`) !== null,
					put: () => tab.setItem(`banter.shy.${widgetId}`, ""),
				},
				tokens,
				queue,
				network: createNetwork(life),
				signal: life,
				blocked,
				carriers: carriersOf(place, token),
				memory: numberIn(tab, `banter.carrier${space}`),
				exists: () => isAllowed(place, life),
			});
		},
		done: ([method, first]) => {
			if (isShared && method === "send") unsent.remove(first.clientMessageId);
		},
	});
	const sync = () => {
		if (widgetId || session.exists()) act("sync");
	};
	const rememberOpen = (open: boolean) => {
		if (isPlaced(shell.frame)) return;
		shell.wasOpen = open;
		session.rememberOpen(open);
	};
	remember(store, { ...session, rememberOpen }, sync);
	for (const sending of isShared ? unsent.get() : []) act("send", sending);
	if (store.get().open || queue.get().some(({ failure }) => !failure)) sync();
	document.addEventListener(
		"visibilitychange",
		() => !document.hidden && store.get().open && sync(),
		{
			signal,
		},
	);

	function send(text: string, asksPerson?: Wish): boolean {
		const message = text.trim();
		const { length } = store.get().messages.filter((one) => one.role === "user" && one.isQueued);
		if (!(message || asksPerson) || message.length > MAX_MESSAGE || length >= QUEUE_MAX)
			return false;
		const sending = {
			clientMessageId: randomId(),
			text: message,
			failure: null,
			asksPerson,
		};
		if (isShared) unsent.put(sending);
		act("send", sending);
		return true;
	}

	/** For whom the tab with the connection speaks: this one may have no storage in common with it, nor a connection yet. */
	function filesUrl(): string {
		act("sync");
		return place.url("files", store.get().visitor);
	}

	/** By their names: the tab that runs the conversation may be another one. */
	const passed = Object.fromEntries(
		PASSED.map((name) => [
			name,
			(...args: unknown[]) => act(...([name, ...args] as unknown as Action)),
		]),
	) as Pick<Conversation, (typeof PASSED)[number]>;
	const draft = {
		get: () => tab.getItem(draftKey) ?? "",
		set: (text: string) => (text ? tab.setItem(draftKey, text) : tab.removeItem(draftKey)),
	};

	function forget(): void {
		// Here, too: no tab may run the conversation yet, and this one ends its part in it at once.
		tokens.drop(tokens.get());
		queue.clear();
		unsent.clear();
		draft.set("");
		// As in ui/attach.ts.
		const files = `banter.files${space}`;
		const now = Date.now();
		tab.removeItem(files);
		// By then, another conversation may have begun.
		if (Object(shell.record.files).allow)
			void usePart("files", { shell, signal: shell.signal }, ({ forgetFiles }) =>
				forgetFiles(files, now),
			);
		session.rememberUnread(0);
		act("forget");
	}

	return {
		store,
		conversation: { ...passed, send, draft, forget, filesUrl },
		local,
	};
}
