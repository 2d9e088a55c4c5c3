// The widget's element. Its shadow tree isolates the page's style sheets and ours from each other.

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
	/** Submits contact details, if the widget asks for them. */
	introduce(details: Details): void;
	/** Declines to give contact details. */
	skipContact(): void;
}

const PANEL_ID = "panel";

/**
 * Events from a shadow tree appear to come from the host element, which is not a text field;
 * without this, the page's keyboard shortcuts would fire while the visitor types.
 */
function keepKeysInside(root: ShadowRoot): void {
	for (const type of ["keydown", "keypress", "keyup"]) {
		root.addEventListener(type, (event) => event.stopPropagation());
	}
}

/** Creates the element; the caller adds it to the page. */
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
		// Render now, not in the next frame: a hidden element cannot take the focus.
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
