// The conversation of the tag with a key: over HTTP.

import type { Values } from "../../shell";
import type { Opened, OpenParts } from "../conversation";
import { createNetwork } from "../net/backoff";
import { type About, createClient } from "../net/client";
import { createChat } from "./chat";
import { createChatContext } from "./context";
import { ACTIVITY_KEY } from "./session";

function resolveUrl(text: string): string | null {
	try {
		const url = new URL(text, document.baseURI);
		return /^https?:$/.test(url.protocol) ? url.href : null;
	} catch {
		return null;
	}
}

export function openChat({ shell, settings, signal }: OpenParts): Opened {
	const written = shell.script.dataset.apiUrl?.trim();
	const apiUrl = (written && resolveUrl(written)) || `${shell.server}/chat`;
	const apiKey = shell.script.dataset.apiKey?.trim() ?? "";
	const welcome = settings.welcomeMessage;
	const context = createChatContext({ welcome, server: apiUrl, space: shell.space, signal });
	const { store, session, outbox } = context;
	/** What the page has said about the visitor; part of each message. */
	let about: About = {};
	const client = createClient({ apiUrl, apiKey }, session.id, () => about, signal);
	const chat = createChat({ ...context, client, network: createNetwork(signal), signal });

	// A hidden page sends no requests: browsers limit the connections to a server.
	const syncIfSeen = () => store.get().open && !document.hidden && chat.sync();
	addEventListener("online", syncIfSeen, { signal });
	document.addEventListener("visibilitychange", syncIfSeen, { signal });
	addEventListener("storage", ({ key }) => key === ACTIVITY_KEY && syncIfSeen(), { signal });
	context.begin(chat.sync);
	const conversation = {
		...chat,
		introduce: () => undefined,
		skipContact: () => undefined,
		loadOlder: () => undefined,
		rate: () => undefined,
		type: () => undefined,
		identify(identity: Values) {
			about = { ...about, identity };
		},
		describe(values: Values) {
			about = { ...about, context: values };
		},
		forget() {
			session.forget();
			outbox.clear();
		},
	};
	return { store, conversation, local: context.local };
}
