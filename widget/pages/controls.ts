// The controls of the options, one for each row of options.ts.

import { el } from "../src/dom";
import { attributeOf, type Option, SECTIONS } from "./options";

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

interface Control {
	readonly option: Option;
	readonly field: Field;
	readonly node: HTMLElement;
}

export interface Controls {
	/** Shows these values: what applies by itself, and what was chosen. */
	fill(baseline: (option: Option) => string, choices: ReadonlyMap<string, string>): void;
}

const NAMED: Readonly<Record<string, string>> = { "": "none" };

function createField({ kind, choices = [], min, max }: Option, id: string): Field {
	const named = { id, name: id };
	if (kind === "choice")
		return el(
			"select",
			named,
			...choices.map((one) => el("option", { value: one }, NAMED[one] ?? one)),
		);
	if (["lines", "kinds", "paths", "fields", "object"].includes(kind))
		return el("textarea", { ...named, rows: "2", spellcheck: "false" });
	if (kind === "text") return el("textarea", { ...named, rows: "2", maxlength: `${max}` });
	if (kind === "flag") return el("input", { ...named, type: "checkbox", role: "switch" });
	if (kind === "number")
		return el("input", { ...named, type: "number", min: `${min}`, max: `${max}`, step: "1" });
	if (kind === "color") return el("input", { ...named, type: "color" });
	if (kind === "url") return el("input", { ...named, type: "url", placeholder: "https://…" });
	return el("input", { ...named, maxlength: `${max}` });
}

function createControl(option: Option): Control {
	const id = `option-${option.name}`;
	const field = createField(option, id);
	const name = option.only === "setting" ? option.name : attributeOf(option.name);
	const text = el("span", { class: "label" }, option.label, " ", el("code", {}, name));
	const label = el("label", { for: id }, text, field);
	const node = el("div", { class: `control ${option.kind}` }, label);
	if (option.hint !== undefined) {
		field.setAttribute("aria-describedby", `${id}-hint`);
		node.append(el("p", { class: "note", id: `${id}-hint` }, option.hint));
	}
	return { option, field, node };
}

function read(field: Field): string {
	if (field instanceof HTMLInputElement && field.type === "checkbox") return String(field.checked);
	return field.value;
}

function write(field: Field, value: string): void {
	if (field instanceof HTMLInputElement && field.type === "checkbox")
		field.checked = value === "true";
	else field.value = value;
}

/** Adds all controls to `form`; `change` gets what is in a control that is valid. */
export function addControls(
	form: HTMLFormElement,
	change: (option: Option, value: string) => void,
): Controls {
	const all: Control[] = [];
	for (const [i, { title, options }] of SECTIONS.entries()) {
		const controls = options.map(createControl);
		const group = el("div", { class: "fields" }, ...controls.map(({ node }) => node));
		const section = el("details", { class: "card" }, el("summary", {}, title), group);
		section.open = i < 2;
		form.append(section);
		all.push(...controls);
	}
	form.addEventListener("submit", (event) => event.preventDefault());
	form.addEventListener("input", ({ target }) => {
		const control = all.find(({ field }) => field === target);
		if (control?.field.checkValidity()) change(control.option, read(control.field));
	});
	return {
		fill(baseline, choices) {
			for (const { option, field, node } of all) {
				const chosen = choices.get(option.name);
				const value = chosen ?? baseline(option);
				if (read(field) !== value) write(field, value);
				node.classList.toggle("chosen", chosen !== undefined);
			}
		},
	};
}
