// The language of the widget: each one is a small file of texts.

import type { Language } from "../shell";

/** Set by build.mjs: the languages that there are, as "de|en|fr", and the hash of their files. */
declare const LANGUAGES: string;
declare const LANGUAGE_HASH: string;

/** The first wish that we have; a wish is a language tag such as "pt-BR", or no wish, such as "auto". */
export function chooseLanguage(wishes: readonly unknown[]): string {
	const wished = `${wishes}`.toLowerCase();
	return RegExp(`(^|,)(${LANGUAGES})\\b`).exec(wished)?.[2] ?? "en";
}

export async function fetchLanguage(server: string, code: string): Promise<Language> {
	const file = await import(`${server}/widget/lang/${code}-${LANGUAGE_HASH}.js`);
	return { code, texts: file.default };
}
