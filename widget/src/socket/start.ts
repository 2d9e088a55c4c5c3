// The chat of a tag with data-widget: settings come from the server, messages use a WebSocket.

import { createChatContext } from "../chat/context";
import { createNetwork } from "../net/backoff";
import { createView } from "../ui/view";
import { createSocketConversation } from "./conversation";
import { awaitSettings, fetchSettings, placeOf } from "./settings";
import { openTokens } from "./tokens";

const SHY_KEY = "banter.shy.";

/** Calls `show` with the element when its settings have arrived; null: no widget. */
export async function startSocketChat(
	widgetId: string,
	scriptUrl: string,
	show: (widget: HTMLElement | null) => void,
): Promise<void> {
	const place = placeOf(widgetId, scriptUrl);
	const network = createNetwork();
	let hinted = false;
	const hint = () => {
		if (hinted) return;
		hinted = true;
		console.warn(`No chat: check data-widget, and its allowed origins, at ${place.config}`);
	};
	const config = await awaitSettings(place, network, hint).catch(() => null);
	if (!config) {
		hint();
		show(null);
		return;
	}
	const context = createChatContext(config.welcomeMessage, place.config);
	const { local, tab } = context;
	const exists = async () => (await fetchSettings(place)) !== null;
	const conversation = createSocketConversation({
		...context,
		network,
		tokens: openTokens(local, widgetId),
		wish: config.contact,
		shyness: {
			get: () => tab.getItem(SHY_KEY + widgetId) !== null,
			put: () => tab.setItem(SHY_KEY + widgetId, ""),
		},
		exists,
		open: (address) => new WebSocket(address),
		address: place.socket,
	});
	context.begin(conversation.sync);
	show(createView(config, context.store, conversation));
}
