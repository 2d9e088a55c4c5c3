// The dialog: header, messages, composer.

import { el } from "../../dom";
import type { Person, Rating, State } from "../chat/state";
import type { OpenParts } from "../conversation";
import { usePart } from "../parts";
import { createAvatar } from "./avatar";
import { type ComposerEvents, createComposer, type Tray } from "./composer";
import type { ContactForm, Details } from "./contact";
import { CLOSE, icon } from "./icons";
import { createLog, type Log } from "./log";
import { isModal, keepFocusInside } from "./small-screen";
import { createStatus } from "./status";

export interface PanelEvents extends Omit<ComposerEvents, "tray"> {
	filesUrl(): string;
	close(): void;
	retry(): void;
	loadOlder(): void;
	rate(id: string, rating: Rating | null, comment?: string): void;
	introduce(details: Details): void;
	skipContact(): void;
}

export interface Panel {
	readonly node: HTMLElement;
	readonly log: Log;
	render(state: State): void;
	/**
	 * The text field; on a touch screen the panel, so that the keyboard does not open by itself.
	 */
	focus(): void;
	/** Puts a text into the text field. */
	prefill(text: string): void;
}

/** The agent, or the person who has the conversation. */
function createHeader({ words, settings }: OpenParts, close: () => void) {
	const { title, agentName, avatar } = settings;
	const face = el("span");
	const heading = el("h2");
	const line = el("p");
	let shown: Person | null | undefined;
	const button = el("button", { class: "close", "aria-label": words("closeChat") }, icon(CLOSE));
	button.addEventListener("click", close);
	// Not <header>, which would add a second banner landmark to the page.
	const node = el(
		"div",
		{ class: "header" },
		face,
		el("div", { class: "heading" }, heading, line),
		button,
	);
	return {
		node,
		render({ people: { phase, person } }: State) {
			const who = phase === "person" ? person : null;
			if (who === shown) return;
			shown = who;
			const { name, picture } = who ?? { name: agentName, picture: avatar };
			face.replaceChildren(createAvatar(name, picture, who));
			heading.textContent = who ? name : title;
			line.textContent = who ? title : [name, words("subtitle")].filter(Boolean).join(" · ");
		},
	};
}

/** `changed`: a part of it has come, and must be rendered. */
export function createPanel(parts: OpenParts, events: PanelEvents, changed: () => void): Panel {
	const { words, settings } = parts;
	const tray: Tray = {};
	const log = createLog({ ...parts, tray }, events, changed);
	const status = createStatus(words, settings.offersPerson, events);
	const composer = createComposer(words, settings.inputPlaceholder, {
		...events,
		tray,
		type() {
			log.prepare();
			events.type();
		},
	});
	const header = createHeader(parts, events.close);
	const { contact: wish } = settings;
	let contact: ContactForm | null = null;
	const node = el(
		"section",
		{ id: "panel", class: "panel", role: "dialog", "aria-label": settings.title, tabindex: "-1" },
		header.node,
		log.node,
		status.node,
		composer.node,
	);
	node.addEventListener("keydown", (event) => {
		if (event.key === "Tab" && isModal(node)) keepFocusInside(node, event);
	});
	if (wish)
		void usePart("contact", parts, ({ createContactForm }) => {
			contact = createContactForm(words, wish, events, composer);
			changed();
		});
	return {
		node,
		log,
		prefill: composer.prefill,
		focus() {
			if (matchMedia("(pointer: coarse)").matches) node.focus({ preventScroll: true });
			else if (contact?.isFirst()) contact.focus();
			else composer.focus();
		},
		render(state) {
			node.setAttribute("aria-modal", String(state.open && isModal(node)));
			node.dataset.people = state.people.phase;
			header.render(state);
			status.render(state);
			log.render(state);
			composer.render(state);
			contact?.render(state);
		},
	};
}
