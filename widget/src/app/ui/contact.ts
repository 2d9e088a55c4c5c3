// The contact form: in place of the text field if details are required, else above it until it is
// submitted or dismissed.

import { el } from "../../dom";
import type { Contact, State } from "../chat/state";
import type { ContactField, ContactWish } from "../settings";
import { contactForm, type Words } from "../words";

export type Details = Readonly<Partial<Record<ContactField, string>>>;

export interface ContactForm {
	readonly node: HTMLElement;
	render(state: State): void;
	/** Whether the form must be submitted before writing. */
	isFirst(): boolean;
	focus(): void;
}

export interface ContactEvents {
	introduce(details: Details): void;
	skipContact(): void;
}

/** Selects the keyboard of a phone. */
const TYPES: Readonly<Record<ContactField, string>> = {
	name: "text",
	email: "email",
	phone: "tel",
};

/** Longer than the limit of any field. */
const LONGEST = "254";

function createField(words: Words, field: ContactField) {
	const input = el("input", {
		type: TYPES[field],
		name: field,
		// HTML autocomplete tokens.
		autocomplete: field === "phone" ? "tel" : field,
		maxlength: LONGEST,
		"aria-describedby": "contact-problem",
	});
	const node = el("label", {}, words(field), input);
	return { field, input, node };
}

export function createContactForm(
	words: Words,
	wish: ContactWish,
	events: ContactEvents,
): ContactForm {
	const fields = wish.fields.map((field) => createField(words, field));
	const problem = el("p", { id: "contact-problem", class: "problem", role: "alert" });
	const save = el("button", { type: "submit", class: "primary" }, words("saveContact"));
	const skip = el("button", { type: "button", class: "quiet" }, words("skipContact"));
	const buttons = wish.required ? [save] : [save, skip];
	const heading = words(wish.required ? "contactRequired" : "contactOptional");
	const node = el(
		"form",
		{ class: "contact", "aria-labelledby": "contact-title", novalidate: "", hidden: "" },
		el("h3", { id: "contact-title" }, heading),
		...fields.map((one) => one.node),
		problem,
		el("div", { class: "buttons" }, ...buttons),
	);
	let shown: Contact | null = null;

	function read(): Details {
		const given = fields.map(({ field, input }) => [field, input.value.trim()] as const);
		return Object.fromEntries(given.filter(([, value]) => value !== ""));
	}

	node.addEventListener("submit", (event) => {
		event.preventDefault();
		const details = read();
		if (Object.keys(details).length === 0) fields[0]?.input.focus();
		else if (shown?.phase === "asked") events.introduce(details);
	});
	skip.addEventListener("click", events.skipContact);

	const isShown = () => shown?.phase === "asked" || shown?.phase === "sending";

	/** Shows the problem and focuses the first wrong field. */
	function blame({ wrong, problem: other }: Contact): void {
		const said = wrong.map((field) => contactForm(words, field)).join("\n") || other;
		if (problem.textContent !== said) problem.textContent = said;
		for (const { field, input } of fields) {
			input.setAttribute("aria-invalid", String(wrong.includes(field)));
		}
		const first = fields.find(({ field }) => wrong.includes(field));
		if (node.matches(":focus-within")) first?.input.focus();
	}

	return {
		node,
		isFirst: () => wish.required && isShown(),
		focus: () => fields[0]?.input.focus({ preventScroll: true }),
		render({ contact }) {
			if (contact === shown) return;
			shown = contact;
			node.hidden = !isShown();
			// Not `disabled`, which would lose the focus.
			save.setAttribute("aria-disabled", String(contact.phase === "sending"));
			blame(contact);
		},
	};
}
