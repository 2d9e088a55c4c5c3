// The texts of one part of the dashboard in the user's language. Each part has a folder texts/ with one JSON file a
// language, all with the same keys (the build checks this), and loads it together with its code:
//
//	export const t = defineTexts<typeof en>((language) => import(`./texts/${language}.json`));
//	t("title")   t("greeting", { name })   t("messages", { count: 3 })
//
// A text has parameters in braces. A key that ends with _one or _other belongs to a number: `count` selects it by
// the language's plural rules.

import { type Language, language, locale } from "./language";

export type Parameters = Readonly<Record<string, string | number>>;

/** The keys as a caller writes them: without the endings of plurals. */
type KeyOf<K> = K extends `${infer Base}_${"one" | "other"}` ? Base : K;

export interface Texts<Key extends string> {
	(key: Key, parameters?: Parameters): string;
	/** Before the first text is read. */
	load(): Promise<void>;
}

const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);

export function formatNumber(value: number): string {
	return numbers.format(value);
}

export function defineTexts<Shape extends Record<string, string>>(
	read: (language: Language) => Promise<{ default: Shape }>,
): Texts<KeyOf<keyof Shape & string>> {
	let texts: Readonly<Record<string, string>> = {};

	const t = (key: string, parameters: Parameters = {}): string => {
		const { count } = parameters;
		const plural = typeof count === "number" ? `${key}_${plurals.select(count)}` : "";
		// Languages such as French have a form for large numbers, too.
		const text = texts[plural] ?? texts[`${key}_other`] ?? texts[key] ?? key;
		return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
			const value = parameters[name];
			return typeof value === "number" ? formatNumber(value) : (value ?? whole);
		});
	};
	return Object.assign(t, {
		async load() {
			texts = (await read(language)).default;
		},
	});
}
