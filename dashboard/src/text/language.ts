// The language of the pages: the user's choice, otherwise the first of the browser's that there is.

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

const CHOICE = "banter:language";

function isLanguage(tag: string): tag is Language {
	return tag in LANGUAGES;
}

/** "de" for "de-AT". */
const base = (tag: string): string => tag.toLowerCase().split("-")[0] ?? "";

export function pickLanguage(choice: string | null, browsers: readonly string[]): Language {
	return [choice ?? "", ...browsers].map(base).find(isLanguage) ?? "en";
}

/** Dates and numbers follow the browser's region where its language is ours, by default day before month. */
export function pickLocale(language: Language, browsers: readonly string[]): string {
	return browsers.find((tag) => base(tag) === language) ?? (language === "en" ? "en-GB" : language);
}

/** null: no choice, as the browser says. */
export function languageChoice(): Language | null {
	try {
		const choice = localStorage.getItem(CHOICE) ?? "";
		return isLanguage(choice) ? choice : null;
	} catch {
		return null;
	}
}

/** Takes effect at the next page load. */
export function chooseLanguage(choice: Language | null): void {
	if (choice === null) localStorage.removeItem(CHOICE);
	else localStorage.setItem(CHOICE, choice);
}

export const language: Language = pickLanguage(languageChoice(), navigator.languages);
export const locale: string = pickLocale(language, navigator.languages);
