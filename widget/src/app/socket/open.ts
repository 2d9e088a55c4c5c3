// The conversation of the tag with a widget id: over a WebSocket.

import { createChatContext } from "../chat/context";
import type { Opened, OpenParts } from "../conversation";
import { createNetwork } from "../net/backoff";
import { createSocketConversation } from "./conversation";
import { isAllowed, placeOf } from "./place";
import { openTokens } from "./tokens";

const SHY_KEY = "banter.shy.";

export function openSocketChat({ shell, settings, words, signal }: OpenParts): Opened {
	const { widgetId, space } = shell;
	const place = placeOf(shell.server, widgetId);
	const welcome = settings.welcomeMessage;
	const context = createChatContext({ welcome, server: place.settings, space, signal });
	const { local, tab, store, outbox } = context;
	const tokens = openTokens(local, widgetId);
	const chat = createSocketConversation({
		...context,
		network: createNetwork(signal),
		signal,
		tokens,
		words,
		wish: settings.contact,
		shyness: {
			get: () => tab.getItem(SHY_KEY + widgetId) !== null,
			put: () => tab.setItem(SHY_KEY + widgetId, ""),
		},
		exists: () => isAllowed(place),
		open: (address) => new WebSocket(address),
		address: place.socket,
	});
	context.begin(chat.sync);
	const conversation = {
		...chat,
		forget() {
			tokens.drop(tokens.get());
			outbox.clear();
		},
	};
	return { store, conversation, local };
}
