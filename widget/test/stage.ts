// The view without a server: `stage(settings)` shows the chat on the page; the test sets its state and
// reads what the visitor did. As an old loader draws it: without the events and attributes of the newest.

import { openBrowserStorage } from "../src/app/chat/browser-storage";
import { initialState, newReply } from "../src/app/chat/state";
import { createStore } from "../src/app/chat/store";
import { resolveSettings } from "../src/app/settings";
import { css } from "../src/app/styles/index.css";
import { rgbOf } from "../src/app/ui/css-color";
import { createView } from "../src/app/ui/view";
import { createWords } from "../src/app/words";
import { css as loaderCss } from "../src/loader/loader.css";
import type { Values } from "../src/shell";
import { addStyles } from "../src/stylesheet";

const NAMES = ["send", "stop", "retry", "introduce", "skipContact", "loadOlder", "rate"];

function stage(record: Values, code: string, texts: readonly string[], dir = "") {
	const host = document.body.appendChild(document.createElement("banter-chat"));
	const root = host.attachShadow({ mode: "open" });
	const frame = document.createElement("div");
	const button = document.createElement("button");
	frame.className = `frame ${record.place ?? ""}`;
	frame.dir = dir;
	frame.lang = code;
	button.className = "launcher";
	frame.append(button);
	root.append(frame);
	addStyles(root, loaderCss);
	addStyles(root, css);
	const { signal } = new AbortController();
	const script = document.createElement("script");
	const language = { code, texts };
	const tag = { id: "1", script, widgetId: "w", server: "", space: "", record, overrides: {} };
	const shell = {
		...tag,
		host,
		root,
		frame,
		button,
		language,
		signal,
		emit: () => undefined,
	};
	const words = createWords(shell);
	const store = createStore(initialState(String(record.greeting ?? "Welcome"), true), signal);
	/** What the visitor did: the method's name and its arguments. */
	const calls: unknown[][] = [];
	const note = (name: string, args: unknown[]) =>
		calls.push([name, ...args.filter((one) => one !== undefined && !(one instanceof Event))]) > 0;
	const acts = NAMES.map((name) => [name, (...args: unknown[]) => note(name, args)]);
	const draft = {
		get: () => String(record.draft ?? ""),
		set: (text: string) => void note("draft", [text]),
	};
	const conversation = { ...Object.fromEntries(acts), type: () => undefined, draft };
	const said: string[] = [];
	const settings = resolveSettings(shell, (text) => rgbOf(button, text));
	const local = openBrowserStorage(() => sessionStorage);
	createView({ shell, settings, words, signal }, { store, conversation, local });
	const live = root.querySelector<HTMLElement>("[aria-live=polite]");
	if (live)
		new MutationObserver(() => said.push(live.innerText)).observe(live, { childList: true });
	return { store, calls, said };
}

Object.assign(window, { stage, newReply });
