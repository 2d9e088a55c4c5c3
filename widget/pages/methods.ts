// The controls of the page's API: a row for each method of banter.d.ts.

import type { BanterEvents, BanterMethods } from "../banter";
import { el } from "../src/dom";

/** Without those that take an element. */
export type Method = Exclude<keyof BanterMethods, "mount" | "unmount">;

/** Calls a method of the chat. */
export type Perform = (method: Method, ...args: unknown[]) => void;

/** The compiler requires a row for each event. */
const EVENTS: Readonly<Record<keyof BanterEvents, true>> = {
	ready: true,
	opened: true,
	closed: true,
	message: true,
	reply: true,
	handover: true,
	contact: true,
	error: true,
	unread: true,
};
export const EVENT_NAMES = Object.keys(EVENTS) as (keyof BanterEvents)[];

/** An argument: its name, and what it may be. */
interface Argument {
	readonly name: string;
	readonly choices?: readonly string[];
	readonly value?: string;
	/** JSON in place of text. */
	readonly isJson?: boolean;
}

interface Row {
	readonly args?: readonly Argument[];
	/** The arguments are the members of one object; empty ones are left out. */
	readonly isObject?: boolean;
}

const EVENT: Argument = { name: "event", choices: EVENT_NAMES };

/** The compiler requires a row for each method. */
export const METHODS: Readonly<Record<Method, Row>> = {
	open: {},
	close: {},
	toggle: {},
	show: {},
	hide: {},
	reset: {},
	destroy: {},
	send: { args: [{ name: "text", value: "Do you deliver?" }] },
	prefill: { args: [{ name: "text", value: "My order number is " }] },
	locale: {
		args: [{ name: "code", choices: "en ar de es fr he it ja ko nl pl pt tr zh".split(" ") }],
	},
	theme: { args: [{ name: "theme", choices: ["auto", "light", "dark"] }] },
	identify: {
		args: [
			{ name: "name", value: "Jane" },
			{ name: "email", value: "jane@example.com" },
			{ name: "phone" },
			{ name: "userId" },
			{ name: "hash" },
		],
		isObject: true,
	},
	context: { args: [{ name: "context", value: '{"plan": "pro", "cart": 2}', isJson: true }] },
	on: { args: [EVENT] },
	off: { args: [EVENT] },
};

function createField({ name, choices, value = "", isJson }: Argument, method: Method) {
	const id = { id: `${method}-${name}`, "aria-label": `${method}: ${name}` };
	if (choices) return el("select", id, ...choices.map((one) => el("option", { value: one }, one)));
	if (isJson) return el("textarea", { ...id, rows: "2", spellcheck: "false" }, value);
	return el("input", { ...id, placeholder: name, value, autocomplete: "off" });
}

/** The arguments of a call, from the texts of its fields. Throws if one is not JSON. */
export function argumentsOf({ args = [], isObject }: Row, texts: readonly string[]): unknown[] {
	const values = args.map(({ isJson }, i) => (isJson ? JSON.parse(texts[i] ?? "") : texts[i]));
	if (!isObject) return values;
	const given = args.map(({ name }, i) => [name, values[i]] as const);
	return [Object.fromEntries(given.filter(([, value]) => value !== ""))];
}

/** Adds the buttons and fields to `parent`; `fail` gets the reason why a call is not possible. */
export function addMethods(
	parent: HTMLElement,
	perform: Perform,
	fail: (reason: string) => void,
): void {
	for (const [name, row] of Object.entries(METHODS)) {
		const method = name as Method;
		const fields = (row.args ?? []).map((one) => createField(one, method));
		const button = el("button", { type: "button" }, method);
		button.addEventListener("click", () => {
			try {
				perform(
					method,
					...argumentsOf(
						row,
						fields.map(({ value }) => value),
					),
				);
			} catch (error) {
				fail(String(error));
			}
		});
		const lines = row.isObject ? "method tall" : "method";
		parent.append(el("div", { class: fields.length > 0 ? lines : "bare" }, ...fields, button));
	}
}
