// What a message offers beside its text, as the server says (workerd/api/README.md): buttons, cards or a form. What the
// visitor does with it becomes a message in words, the same words that the server makes (proto/structure).

import { el } from "../../dom";
import type { Answer, Decision } from "../chat/state";
import { textOf } from "../net/parse";
import type { Words } from "../words";
import { CHECK, icon } from "./icons";
import { createStep } from "./step";

type Unchecked = { readonly [name: string]: unknown };

export interface Offer {
	readonly node: HTMLElement;
	/** The text of the message without the words for what it offers; null: all of it. */
	readonly lead: string | null;
	/** `step`: what waits, or has waited, for a decision; not checked. */
	render(isAnswered: boolean, step?: unknown): void;
}

/** Returns false if the answer is not accepted. */
type Take = (answer: Answer, text: string) => boolean;

interface Parts {
	readonly words: Words;
	/** The id of the message. */
	readonly message: string;
	readonly take: Take;
}

const listOf = (value: unknown): readonly Unchecked[] =>
	Array.isArray(value) ? value.map(Object) : [];
const isWeb = (url: string) => /^https?:\/\//.test(url);
const LINK = { target: "_blank", rel: "noopener noreferrer" };

/** Of a consent, in the words of an answer. */
const CONSENT_MAX = 160;
/** Longer than the limit of any field but texts. */
const LONGEST = "254";
const TEXT_MAX = "1000";

/** What the browser can fill in; others have no type of their own. */
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	text: { maxlength: TEXT_MAX },
	name: { autocomplete: "name", maxlength: "200" },
	email: { type: "email", autocomplete: "email", maxlength: LONGEST },
	phone: { type: "tel", autocomplete: "tel", maxlength: "64" },
	number: { type: "number", step: "any" },
	date: { type: "date", max: "9999-12-31" },
	consent: { type: "checkbox" },
};

/** null: a link without an address of the web. */
function createButton({ words: _, message, take }: Parts, given: Unchecked): HTMLElement | null {
	const [label, url, name] = [textOf(given.label), textOf(given.url), textOf(given.name)];
	if (url) return isWeb(url) ? el("a", { class: "choice", href: url, ...LINK }, label) : null;
	const button = el("button", { class: "choice" }, label);
	button.addEventListener("click", () => take({ type: "answer", message, button: name }, label));
	return button;
}

const createButtons = (parts: Parts, list: unknown) =>
	listOf(list)
		.map((one) => createButton(parts, one))
		.filter((one): one is HTMLElement => one !== null);

function createCard(parts: Parts, card: Unchecked): HTMLElement {
	const [picture, text] = [textOf(card.picture), textOf(card.text)];
	const image = /^https:\/\//.test(picture)
		? [el("img", { src: picture, alt: "", loading: "lazy", referrerpolicy: "no-referrer" })]
		: [];
	return el(
		"div",
		{ class: "card", role: "listitem" },
		...image,
		el("h3", { dir: "auto" }, textOf(card.title)),
		...(text ? [el("p", { dir: "auto" }, text)] : []),
		...createButtons(parts, card.buttons),
	);
}

interface Field {
	readonly name: string;
	readonly node: HTMLElement;
	readonly input: HTMLInputElement | HTMLSelectElement;
	/** "": nothing was entered. */
	value(): string;
	/** Its line in the words of the answer. */
	line(): string;
	/** Shows what is wrong; "": nothing. */
	check(): string;
	blame(text: string): void;
}

function createInput(kind: string, choices: unknown): HTMLInputElement | HTMLSelectElement {
	if (kind !== "choice") return el("input", TYPES[kind] ?? {});
	const options = (Array.isArray(choices) ? choices : []).map((one) =>
		el("option", {}, textOf(one)),
	);
	return el("select", {}, el("option", { value: "" }, ""), ...options);
}

function createField({ words, message }: Parts, field: Unchecked): Field {
	const [name, kind, label] = [textOf(field.name), textOf(field.kind), textOf(field.label)];
	const isConsent = kind === "consent";
	const isNeeded = field.required === true;
	const url = textOf(field.url);
	const input = createInput(kind, field.choices);
	const id = `offer-${message}-${name}`;
	const problem = el("p", { id, class: "problem" });
	const needs = ` (${words(isNeeded ? "required" : "optional")})`;
	const title = el(
		"span",
		{},
		isConsent && isWeb(url) ? el("a", { href: url, ...LINK }, label) : label,
		needs,
	);
	const value = () =>
		isConsent ? `${(input as HTMLInputElement).checked || ""}` : input.value.trim();
	input.setAttribute("aria-describedby", id);
	if (isNeeded) input.setAttribute("aria-required", "true");

	return {
		name,
		input,
		node: el(
			"div",
			{ class: isConsent ? "consent" : "field", dir: "auto" },
			el("label", {}, ...(isConsent ? [input, title] : [title, input])),
			problem,
		),
		value,
		line() {
			if (!isConsent) return `${label}: ${value()}`;
			return `✓ ${label.slice(0, CONSENT_MAX)}${label.length > CONSENT_MAX ? "…" : ""}`;
		},
		check() {
			const { badInput, typeMismatch } = input.validity;
			if (badInput || (isNeeded && !value())) return words("missing");
			if (typeMismatch) return words("emailForm");
			return kind === "phone" && value() && !/\d/.test(value()) ? words("phoneForm") : "";
		},
		blame(text) {
			problem.textContent = text;
			input.setAttribute("aria-invalid", String(text !== ""));
		},
	};
}

function createForm(parts: Parts, list: unknown, lead: string): HTMLElement {
	const { words, message, take } = parts;
	const fields = listOf(list).map((one) => createField(parts, one));
	const problem = el("p", { class: "problem", role: "alert" });
	const button = el("button", { class: "primary" }, words("send"));
	// No form: a page in a sandbox may not allow forms.
	const node = el(
		"div",
		{ class: "fields", role: "form", "aria-label": lead || words("conversation") },
		...fields.map((one) => one.node),
		problem,
		button,
	);

	function submit(): void {
		const given = fields.filter((one) => one.value());
		for (const one of fields) one.blame(one.check());
		const wrong = fields.find(({ input }) => input.matches("[aria-invalid=true]"));
		if (wrong || !given[0]) {
			(wrong ?? fields[0])?.input.focus();
			node.dispatchEvent(new CustomEvent("grow", { bubbles: true }));
			return;
		}
		const values = Object.fromEntries(given.map((one) => [one.name, one.value()]));
		const isTaken = take(
			{ type: "answer", message, values },
			given.map((one) => one.line()).join("\n"),
		);
		problem.textContent = isTaken ? "" : words("refused");
	}

	button.addEventListener("click", submit);
	node.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && event.target instanceof HTMLInputElement && !event.isComposing)
			submit();
	});
	return node;
}

/** `decide`: an older app has none. */
export function createOffer(
	words: Words,
	structure: unknown,
	message: string,
	take: Take,
	decide?: (decision: Decision) => void,
): Offer {
	const { text, buttons, cards, form, waits }: Unchecked = Object(structure);
	if (waits && decide) return createStep(words, decide);
	const lead = textOf(text);
	const parts = { words, message, take };
	const done = el("p", { class: "aside" }, icon(CHECK), words("taskDone"));
	const fields = form ? createForm(parts, form, lead) : null;
	const label = { "aria-label": lead || words("conversation") };
	const deck = listOf(cards).map((one) => createCard(parts, one));
	const node = el(
		"div",
		{ class: "offer" },
		...(deck[0]
			? [el("div", { class: "cards", role: "list", tabindex: "0", ...label }, ...deck)]
			: []),
		...(fields ? [fields] : []),
		...(buttons
			? [el("div", { class: "choices", role: "group", ...label }, ...createButtons(parts, buttons))]
			: []),
	);
	return {
		node,
		lead,
		render(isAnswered) {
			if (fields) node.replaceChildren(isAnswered ? done : fields);
			// What leads elsewhere stays.
			for (const one of node.querySelectorAll<HTMLElement>("button.choice"))
				one.hidden = isAnswered;
		},
	};
}
