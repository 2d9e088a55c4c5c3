// window.chatwootSDK and window.$chatwoot, as their documents describe them, for the widget.

import { call, context, forget, identify, load, on } from "./widget";

interface Settings {
	readonly position?: string;
	readonly locale?: string;
	readonly darkMode?: string;
	readonly hideMessageBubble?: boolean;
}

type Details = Readonly<Record<string, string | undefined>>;

const page = window as unknown as Record<string, unknown>;

const chatwoot = {
	hasLoaded: false,
	isOpen: false,
	toggle: (state?: string) => call(state ?? "toggle"),
	toggleBubbleVisibility: (state: string) => call(state),
	popoutChatWindow: () => call("open"),
	setUser: (userId: string, { name, email, phone_number, identifier_hash }: Details = {}) =>
		identify({ userId, name, email, phone: phone_number, hash: identifier_hash }),
	setCustomAttributes: context,
	setConversationCustomAttributes: context,
	deleteCustomAttribute: (name: string) => context({ [name]: undefined }),
	deleteConversationCustomAttribute: (name: string) => context({ [name]: undefined }),
	setLabel: (label: string) => context({ label }),
	removeLabel: () => context({ label: undefined }),
	setLocale: (code: string) => call("locale", code.replace("_", "-")),
	setColorScheme: (theme: string) => call("theme", theme),
	reset: forget,
};

const tell = (event: string, detail?: unknown) =>
	window.dispatchEvent(new CustomEvent(`chatwoot:${event}`, { detail }));

on("ready", () => {
	chatwoot.hasLoaded = true;
	tell("ready");
});
on("opened", () => {
	chatwoot.isOpen = true;
	tell("opened");
});
on("closed", () => {
	chatwoot.isOpen = false;
	tell("closed");
});
on("message", ({ text }) => tell("on-message", { content: text, message_type: 0 }));
on("reply", ({ text }) => tell("on-message", { content: text, message_type: 1 }));

page.chatwootSDK = {
	run() {
		const { position, locale, darkMode, hideMessageBubble } = (page.chatwootSettings ??
			{}) as Settings;
		page.$chatwoot = chatwoot;
		load({
			position,
			locale: locale?.replace("_", "-"),
			theme: darkMode,
			launcherStyle: hideMessageBubble ? "none" : "",
		});
	},
};
