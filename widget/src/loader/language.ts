// The language of the widget. English is in the scripts; each other language is a small file.

import type { Language } from "../shell";

/** Set by build.mjs: the hash of all language files. */
declare const LANGUAGE_HASH: string;

/** The first wish that we have; a wish is a language tag such as "pt-BR", or no wish, such as "auto". */
export function chooseLanguage(wishes: readonly unknown[]): string {
	const ours = /^(en|de|fr|es|pt|it|nl|pl|tr|ja|zh|ko|ar|he)\b/i;
	const found = wishes.map((wish) => ours.exec(`${wish}`)?.[0]).find(Boolean);
	return found?.toLowerCase() ?? "en";
}

/** Without its file, the language's texts are English. */
export async function fetchLanguage(server: string, wishes: readonly unknown[]): Promise<Language> {
	const code = chooseLanguage(wishes);
	const url = `${server}/widget/lang/${code}-${LANGUAGE_HASH}.json`;
	const texts = code === "en" ? {} : await fetch(url).then((file) => file.json());
	return { code, texts };
}
