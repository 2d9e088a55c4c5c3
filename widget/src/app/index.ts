// The app: the panel and the conversation, in the element that the loader has drawn.

import type { App, Call } from "../shell";
import { addStyles } from "../stylesheet";
import { openChat } from "./chat/open";
import type { OpenParts } from "./conversation";
import { perform } from "./methods";
import { createNetwork } from "./net/backoff";
import { failureOfResponse } from "./net/failure";
import { requestText } from "./net/http";
import { watchPolicy } from "./net/policy";
import { createRetries } from "./net/retry";
import { emitEvents, withEvents } from "./page-events";
import { loadPart } from "./parts";
import { resolveSettings } from "./settings";
import { css } from "./styles/index.css";
import { rgbOf } from "./ui/css-color";
import { createView } from "./ui/view";
import { createWords } from "./words";

function mount(parts: OpenParts) {
	const opened = withEvents(parts, openChat(parts));
	const look = emitEvents(parts, opened);
	const view = createView(parts, opened);
	return { ...opened, view, look };
}

export const fetchRecord: App["fetchRecord"] = async (url, signal, reply) =>
	(await loadPart("network")).fetchRecord(url, signal, reply, {
		createNetwork,
		createRetries,
		requestText,
		failureOfResponse,
		watchPolicy,
	});

export const start: App["start"] = (shell) => {
	let mounted: ReturnType<typeof mount>;
	let life = new AbortController();
	/** What the page has said about the visitor and itself, by the method. */
	const said = new Map<string, Call>();

	/** `reset` and `locale` draw everything again; the conversation is loaded as after a reload. */
	function begin(): void {
		life.abort();
		life = new AbortController();
		const { signal } = life;
		const settings = resolveSettings(shell, (text) => rgbOf(shell.button, text));
		const { code } = shell.language;
		shell.frame.lang = code;
		// Other languages keep the direction of the page.
		shell.frame.dir = /ar|he/.test(code) ? "rtl" : "";
		mounted = mount({ shell, words: createWords(shell), settings, signal });
	}

	addStyles(shell.root, css);
	shell.signal.addEventListener("abort", () => life.abort());
	begin();
	return (call: Call) => {
		const run = (one: Call) => perform(one, mounted, shell.host);
		const [method] = call;
		if (/identify|context/.test(method)) said.set(method, call);
		if (method === "reset") {
			said.clear();
			mounted.conversation.forget();
		} else if (method !== "locale") return run(call);
		begin();
		said.forEach(run);
		return undefined;
	};
};
