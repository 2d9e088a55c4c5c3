// The methods of the page's API that the app carries out.

import type { Call } from "../shell";
import type { Opened } from "./conversation";
import { stringify } from "./net/parse";
import type { ThemeName } from "./ui/theme";
import type { View } from "./ui/view";

type Mounted = Opened & {
	readonly view: View;
	/** The page has shown or hidden the chat. */
	readonly look: () => void;
};

/** As JSON has it: another tab may carry out the call, and functions cannot be sent there. */
const objectOf = (value: unknown): Readonly<Record<string, unknown>> => ({
	...(typeof value === "object" && JSON.parse(stringify(value))),
});

/** Returns for open whether the chat is on the page, and for send whether the message is accepted. */
export function perform(
	[method, first]: Call,
	{ store, conversation, view, look }: Mounted,
	host: HTMLElement,
): boolean | undefined {
	const { open } = store.get();
	if (method === "open" || (method === "send" && !open)) view.toggle(true);
	if (method === "open") return host.isConnected && !host.hidden;
	if (method === "send") return conversation.send(String(first ?? ""));
	if (/show|hide/.test(method)) look();
	else if (method === "close") open && view.toggle(false);
	else if (method === "toggle") view.toggle(!open);
	else if (/moved|placed/.test(method)) view.moved();
	else if (method === "prefill") view.prefill(String(first ?? ""));
	else if (method === "theme") view.setTheme(first as ThemeName);
	else if (method === "identify") conversation.identify(objectOf(first));
	else if (method === "context") conversation.describe(objectOf(first));
	return undefined;
}
