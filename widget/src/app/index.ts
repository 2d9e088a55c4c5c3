// The app: the panel and the conversation, in the element that the loader has drawn.

import type { App, Call } from "../shell";
import { addStyles } from "../stylesheet";
import { openChat } from "./chat/open";
import type { OpenParts } from "./conversation";
import { perform } from "./methods";
import { resolveSettings } from "./settings";
import { openSocketChat } from "./socket/open";
import { css } from "./styles/index.css";
import { resolveColor } from "./ui/resolve-color";
import { createView } from "./ui/view";
import { createWords } from "./words";

function mount(parts: OpenParts) {
	const opened = parts.shell.widgetId ? openSocketChat(parts) : openChat(parts);
	return { ...opened, view: createView(parts, opened) };
}

export { fetchRecord } from "./record";

export const start: App["start"] = (shell) => {
	let mounted: ReturnType<typeof mount>;
	let life = new AbortController();

	/** `reset` and `locale` draw everything again; the conversation is loaded as after a reload. */
	function begin(): void {
		life.abort();
		life = new AbortController();
		const { signal } = life;
		const settings = resolveSettings(shell, resolveColor);
		mounted = mount({ shell, words: createWords(shell), settings, signal });
	}

	addStyles(shell.root, css);
	shell.signal.addEventListener("abort", () => life.abort());
	begin();
	return (call: Call) => {
		if (call[0] === "reset") mounted.conversation.forget();
		if (call[0] === "reset" || call[0] === "locale") begin();
		else perform(call, mounted);
	};
};
