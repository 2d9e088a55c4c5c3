// The dialog: header, messages, composer.

import { el } from "../../dom";
import type { Rating, State } from "../chat/state";
import type { Settings } from "../settings";
import type { Words } from "../words";
import type { Clock } from "./clock";
import { type Composer, type ComposerEvents, createComposer } from "./composer";
import { type ContactForm, createContactForm, type Details } from "./contact";
import { icon } from "./icons";
import { createLog } from "./message-list";
import { isModal, keepFocusInside } from "./small-screen";
import { createStarters } from "./starters";
import { createStatus } from "./status";

export interface PanelEvents extends ComposerEvents {
	close(): void;
	retry(): void;
	loadOlder(): void;
	rate(id: string, rating: Rating | null, comment?: string): void;
	introduce(details: Details): void;
	skipContact(): void;
}

export interface Panel {
	readonly node: HTMLElement;
	render(state: State): void;
	/**
	 * The text field; on a touch screen the panel, so that the keyboard does not open by itself.
	 */
	focus(): void;
	/** Puts a text into the text field. */
	prefill(text: string): void;
}

function createHeader(words: Words, title: string, close: () => void): HTMLElement {
	const button = el(
		"button",
		{ type: "button", class: "close", "aria-label": words("closeChat") },
		icon("close"),
	);
	button.addEventListener("click", close);
	// Not <header>, which would add a second banner landmark to the page.
	return el(
		"div",
		{ class: "header" },
		el("span", { class: "emblem" }, icon("spark")),
		el(
			"div",
			{ class: "heading" },
			el("h2", { id: "title" }, title),
			el("p", {}, words("subtitle")),
		),
		button,
	);
}

/**
 * While contact details are required first, the form replaces the text field and takes over its
 * focus.
 */
function takeTurns(contact: ContactForm, composer: Composer, state: State): void {
	const [form, line] = [contact.node, composer.node];
	const inForm = form.matches(":focus-within");
	const inLine = line.matches(":focus-within");
	contact.render(state);
	line.hidden = contact.isFirst();
	if (inLine && line.hidden) contact.focus();
	else if (inForm && form.hidden) composer.focus();
}

export function createPanel(
	words: Words,
	settings: Settings,
	events: PanelEvents,
	clock: Clock,
	signal: AbortSignal,
): Panel {
	const log = createLog({ words, settings, events, clock, signal });
	const status = createStatus(words, settings.offersPerson, events);
	const composer = createComposer(words, settings.inputPlaceholder, events);
	const contact = settings.contact && createContactForm(words, settings.contact, events);
	const starters = createStarters(settings.starters, (text) => {
		if (events.send(text)) composer.focus();
	});
	const node = el(
		"section",
		{ id: "panel", class: "panel", role: "dialog", "aria-labelledby": "title", tabindex: "-1" },
		createHeader(words, settings.title, events.close),
		log.node,
		starters.node,
		status.node,
		...(contact ? [contact.node] : []),
		composer.node,
	);
	node.addEventListener("keydown", (event) => {
		if (event.key === "Tab" && isModal(node)) keepFocusInside(node, event);
	});
	return {
		node,
		prefill: composer.prefill,
		focus() {
			if (matchMedia("(pointer: coarse)").matches) node.focus({ preventScroll: true });
			else if (contact?.isFirst()) contact.focus();
			else composer.focus();
		},
		render(state) {
			node.setAttribute("aria-modal", String(state.open && isModal(node)));
			node.dataset.people = state.people.phase;
			node.dataset.line = state.line;
			status.render(state);
			log.render(state);
			starters.render(state);
			composer.render(state);
			if (contact) takeTurns(contact, composer, state);
		},
	};
}
