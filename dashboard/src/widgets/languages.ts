// The languages of the widget.

import { locale } from "../text/language";

export const LANGUAGE_CODES = "ar de en es fr he it ja ko nl pl pt tr zh".split(" ");

const names = new Intl.DisplayNames(locale, { type: "language" });

export function languageName(code: string): string {
	try {
		const name = names.of(code) ?? code;
		return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
	} catch {
		// Not a language tag.
		return code;
	}
}
