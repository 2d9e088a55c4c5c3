// The texts of the widget: src/locales has one file a language, all with the keys of en.json. A site changes
// a text by its key in the setting `texts`.

import type english from "../locales/en.json";
import { keys } from "../locales/en.json?keys";
import type { Shell } from "../shell";
import type { FailureKind } from "./net/failure";
import { fill } from "./texts";

type Key = keyof typeof english;

/** A text, or that of a failure. */
export type Word = Key | FailureKind;

/** The texts of the widget's language; parameters replace `{name}` in the text. */
export type Words = (key: Word, values?: Readonly<Record<string, string | number>>) => string;

type Texts = Readonly<Record<string, unknown>>;

/** The failures that have the text of another one; all others without a text of their own have that of "refused". */
const SAME_TEXT: Readonly<Record<string, Key>> = {
	lost: "interrupted",
	cut_off: "interrupted",
	nameless: "contactRequired",
};

/** The site's own texts come first: for this language, then for every language. */
export function createWords({ language, record }: Pick<Shell, "language" | "record">): Words {
	const { code, texts } = language;
	const own: Texts = Object(record.texts);
	const all = [Object(own[code]), own, Object.fromEntries(keys.map((key, i) => [key, texts[i]]))];
	return (word, values = {}) => {
		const found = [SAME_TEXT[word] ?? word, "refused"]
			.flatMap((key) => all.map((one: Texts) => one[key]))
			.find((text) => typeof text === "string");
		return fill(String(found), values);
	};
}

/** Shown while the widget retries. */
export function pauseText(words: Words, why: FailureKind | null): string {
	if (why === "too_many") return words("pauseTooMany");
	return words(why === "busy" ? "pauseBusy" : "pauseOffline");
}
