// The contact form: in place of the text field if details are required, else above it until it is
// submitted or dismissed.

import { el } from "../../dom";
import type { Contact, State } from "../chat/state";
import type { ContactField, ContactWish } from "../settings";
import type { Words } from "../words";
import type { Composer } from "./composer";

export type Details = Readonly<Partial<Record<ContactField, string>>>;

export interface ContactForm {
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

function createField(words: Words, field: ContactField, needs: "required" | "optional") {
	const id = `problem-${field}`;
	const input = el("input", {
		type: TYPES[field],
		name: field,
		// HTML autocomplete tokens.
		autocomplete: field === "phone" ? "tel" : field,
		maxlength: LONGEST,
		"aria-describedby": id,
		[needs]: "",
	});
	const label = el("label", {}, el("span", {}, `${words(field)} (${words(needs)})`), input);
	const problem = el("p", { id, class: "problem" });
	return {
		field,
		input,
		node: el("div", {}, label, problem),
		/** "": none. */
		blame(text: string) {
			problem.textContent = text;
			input.setAttribute("aria-invalid", String(text !== ""));
		},
	};
}

/** While details are required first, the form replaces the text field of `composer` and takes over its focus. */
export function createContactForm(
	words: Words,
	wish: ContactWish,
	events: ContactEvents,
	composer: Pick<Composer, "node" | "focus">,
): ContactForm {
	const fields = wish.fields.map((field) =>
		createField(words, field, wish.needed.includes(field) ? "required" : "optional"),
	);
	const problem = el("p", { class: "problem", role: "alert" });
	const save = el("button", { class: "primary" }, words("saveContact"));
	const skip = el("button", { class: "quiet" }, words("skipContact"));
	const buttons = wish.required ? [save] : [save, skip];
	const heading = words(wish.required ? "contactRequired" : "contactOptional");
	// No form: a page in a sandbox may not allow forms.
	const node = el(
		"div",
		{ class: "contact", role: "form", "aria-labelledby": "contact-title", hidden: "" },
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

	/** Shows each field's problem; the first wrong one gets the focus. */
	function blame(textOf: (field: ContactField, input: HTMLInputElement) => string): void {
		for (const one of fields) one.blame(textOf(one.field, one.input));
		const first = fields.find(({ input }) => input.matches("[aria-invalid=true]"));
		if (node.matches(":focus-within")) first?.input.focus();
	}

	function submit(): void {
		if (shown?.phase !== "asked") return;
		const details = read();
		const isMissing = (field: ContactField) => wish.needed.includes(field) && !details[field];
		if (fields.some(({ field }) => isMissing(field)))
			// With the fields that only the server would refuse, so that the visitor sees all problems at once.
			blame((field, { validity }) => {
				if (isMissing(field)) return words("missing");
				return validity.typeMismatch ? words(`${field}Form`) : "";
			});
		else if (Object.keys(details).length === 0) fields[0]?.input.focus();
		else events.introduce(details);
	}

	save.addEventListener("click", submit);
	skip.addEventListener("click", () => events.skipContact());
	node.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && event.target instanceof HTMLInputElement && !event.isComposing)
			submit();
	});

	const isShown = () => shown?.phase === "asked" || shown?.phase === "sending";
	const isFirst = () => wish.required && isShown();
	const focus = () => fields[0]?.input.focus({ preventScroll: true });
	composer.node.before(node);

	return {
		isFirst,
		focus,
		render({ contact, people }) {
			// The field in the list of messages has the floor.
			const now = people.asksEmail ? null : contact;
			if (now === shown) return;
			const [inForm, inField] = [node, composer.node].map((one) => one.matches(":focus-within"));
			shown = now;
			node.hidden = !isShown();
			// Not `disabled`, which would lose the focus.
			save.setAttribute("aria-disabled", String(contact.phase === "sending"));
			const { wrong } = contact;
			const isOwn = fields.some(({ field }) => wrong.includes(field));
			problem.textContent = isOwn ? "" : contact.problem;
			blame((field) => (wrong.includes(field) ? words(`${field}Form`) : ""));
			composer.node.hidden = isFirst();
			if (inField && isFirst()) focus();
			else if (inForm && !isShown()) composer.focus();
		},
	};
}
