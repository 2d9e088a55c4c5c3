// Connects the fields of a section with the form.

import { formatNumber } from "../text/texts";
import type { Form } from "../ui/use-form";
import type { WidgetValue } from "./form-value";
import { type Fault, faultsOf } from "./rules";
import { t } from "./texts";

export type NamesOf<T> = {
	[K in keyof WidgetValue]: WidgetValue[K] extends T ? K : never;
}[keyof WidgetValue];

export interface Fields {
	readonly value: WidgetValue;
	/** By the server's names. */
	readonly errors: Readonly<Record<string, string>>;
	set(change: Partial<WidgetValue>): void;
	text(name: NamesOf<string>): {
		readonly value: string;
		readonly error: string | undefined;
		onValue(value: string): void;
	};
	number(name: NamesOf<number | null>): {
		readonly value: number | null;
		readonly error: string | undefined;
		onValue(value: number | null): void;
	};
	flag(name: NamesOf<boolean>): { readonly isOn: boolean; onValue(isOn: boolean): void };
	list(name: NamesOf<readonly string[]>): {
		readonly value: readonly string[];
		readonly error: string | undefined;
		/** The wrong entry, if it is known. */
		readonly wrong: string | undefined;
		onValue(value: readonly string[]): void;
	};
	/** How many fields of these are wrong: names, or the beginnings of names. */
	wrong(...names: readonly string[]): number;
}

export function describeFault(fault: Fault): string {
	switch (fault.rule) {
		case "color":
			return t("ruleColor");
		case "https":
			return t("ruleHttps");
		case "contact":
			return t("ruleContact");
		case "whole":
			return t("ruleWhole");
		case "origin":
			return t("ruleOrigin", { entry: fault.entry });
		case "path":
			return t("rulePath", { entry: fault.entry });
		case "count":
			return t("ruleCount", { max: fault.max });
		case "range":
			return t("ruleRange", { min: formatNumber(fault.min), max: formatNumber(fault.max) });
	}
}

export function bind(form: Form<WidgetValue>): Fields {
	const { value } = form;
	const faults = faultsOf(value);
	const own = Object.fromEntries(
		Object.entries(faults).map(([name, fault]) => [name, describeFault(fault)]),
	);
	const errors: Readonly<Record<string, string>> = { ...form.errors, ...own };
	const set = (change: Partial<WidgetValue>) => form.set(change);
	const one = <T>(name: keyof WidgetValue) => ({
		error: errors[name],
		onValue: (next: T) => set({ [name]: next }),
	});
	return {
		value,
		errors,
		set,
		text: (name) => ({ value: value[name], ...one<string>(name) }),
		number: (name) => ({ value: value[name], ...one<number | null>(name) }),
		flag: (name) => ({ isOn: value[name], onValue: (isOn) => set({ [name]: isOn }) }),
		list(name) {
			const fault = faults[name];
			const wrong = fault && "entry" in fault ? fault.entry : undefined;
			return { value: value[name], wrong, ...one<readonly string[]>(name) };
		},
		wrong: (...names) =>
			Object.keys(errors).filter((error) =>
				names.some((name) => error === name || error.startsWith(`${name}.`)),
			).length,
	};
}
