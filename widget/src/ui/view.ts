// The widget on the page: one element with a shadow tree, so that neither side's style
// sheet reaches the other.

import { type State, setOpen } from "../chat/state";
import type { Store } from "../chat/store";
import type { Config } from "../config";
import { createAnnouncer } from "./announcer";
import type { Details } from "./contact";
import { el, perFrame } from "./dom";
import { createLauncher } from "./launcher";
import { createPanel } from "./panel";
import { trackViewport } from "./small-screen";
import { addStyles } from "./stylesheet";
import { paint, themeFor } from "./theme";

export interface Conversation {
	send(text: string): boolean;
	stop(): void;
	retry(): void;
	/** Says who is writing; only where the chat asks for that. */
	introduce(details: Details): void;
	/** Would rather not say. */
	skipContact(): void;
}

const PANEL_ID = "panel";

/**
 * To the page our keys seem to come from an element that takes no text: its shortcuts would
 * fire while the visitor writes.
 */
function keepKeysInside(root: ShadowRoot): void {
	for (const type of ["keydown", "keypress", "keyup"]) {
		root.addEventListener(type, (event) => event.stopPropagation());
	}
}

/** Makes the element; the caller puts it on the page. */
export function createView(config: Config, store: Store<State>, chat: Conversation): HTMLElement {
	const host = document.createElement("banter-chat");
	const root = host.attachShadow({ mode: "open" });
	addStyles(root);

	const launcher = createLauncher(PANEL_ID, () => toggle(!store.get().open));
	const panel = createPanel(PANEL_ID, config, { ...chat, close: () => toggle(false) });
	const announcer = createAnnouncer(store.get());
	const frame = el(
		"div",
		{ class: `frame ${config.position}` },
		panel.node,
		launcher.node,
		announcer.node,
	);
	root.append(frame);

	function render(): void {
		const state = store.get();
		frame.classList.toggle("open", state.open);
		launcher.render(state);
		panel.render(state);
		announcer.render(state);
	}

	function toggle(open: boolean): void {
		store.update((state) => setOpen(state, open));
		// Now, not with the next frame: what is not shown yet cannot take the focus.
		render();
		if (open) panel.focus();
		else launcher.node.focus({ preventScroll: true });
	}

	frame.addEventListener("keydown", (event) => {
		if (event.key === "Escape" && !event.isComposing && store.get().open) toggle(false);
	});
	paint(frame, themeFor(config.accent, config.onAccent));
	trackViewport(frame);
	keepKeysInside(root);
	store.subscribe(perFrame(render));
	render();
	return host;
}
