// The texts that a site has in place of the widget's own: reading and changing one of them.

import type { OwnTexts } from "./form-value";

/** The language "": every language. */
export function textsOf(all: OwnTexts, language: string): Readonly<Record<string, string>> {
	const entries = language === "" ? Object.entries(all) : Object.entries(all[language] ?? {});
	return Object.fromEntries(
		entries.filter((one): one is [string, string] => typeof one[1] === "string"),
	);
}

/** The languages with texts of their own. */
export function languagesOf(all: OwnTexts): string[] {
	return Object.keys(all).filter((key) => typeof all[key] === "object");
}

/** null removes the text. */
export function withText(
	all: OwnTexts,
	language: string,
	key: string,
	text: string | null,
): OwnTexts {
	const before = textsOf(all, language);
	const after = Object.fromEntries([
		...Object.entries(before).filter(([name]) => text !== null || name !== key),
		...(text === null ? [] : [[key, text]]),
	]) as Record<string, string>;
	const isNested = (name: string) => typeof all[name] === "object";
	const nested = Object.entries(all).filter(([name]) => isNested(name) && name !== language);
	const flat = Object.entries(textsOf(all, ""));
	if (language === "") return Object.fromEntries([...Object.entries(after), ...nested]);
	const own = Object.keys(after).length > 0 ? [[language, after]] : [];
	return Object.fromEntries([...flat, ...nested, ...own]);
}
