// The texts of the part for sources: only replies that are based on content need them, so they are not in
// src/locales. A site may change them as all others.

import type { Shell } from "../../shell";

export type SourceWord = "sources" | "general";

const TEXTS: Readonly<Record<string, readonly [sources: string, general: string]>> = {
	ar: ["المصادر", "ليس من محتوى هذا الموقع"],
	de: ["Quellen", "Nicht aus den Inhalten dieser Website"],
	en: ["Sources", "Not from this site’s content"],
	es: ["Fuentes", "No procede del contenido de este sitio"],
	fr: ["Sources", "Ne provient pas du contenu de ce site"],
	he: ["מקורות", "לא מתוכן האתר הזה"],
	it: ["Fonti", "Non proviene dai contenuti di questo sito"],
	ja: ["出典", "このサイトの内容に基づかない回答です"],
	ko: ["출처", "이 사이트의 콘텐츠에 근거하지 않음"],
	nl: ["Bronnen", "Niet uit de inhoud van deze site"],
	pl: ["Źródła", "Nie pochodzi z treści tej witryny"],
	pt: ["Fontes", "Não provém do conteúdo deste site"],
	tr: ["Kaynaklar", "Bu sitenin içeriğinden değil"],
	zh: ["来源", "并非来自本网站的内容"],
};

type Texts = Readonly<Record<string, unknown>>;

/** The site's own texts come first: for this language, then for every language. */
export function createSourceWords({ language, record }: Pick<Shell, "language" | "record">) {
	const own: Texts = Object(record.texts);
	const [sources, general] = TEXTS[language.code] ?? TEXTS.en ?? ["", ""];
	const all: Texts[] = [Object(own[language.code]), own, { sources, general }];
	return (word: SourceWord): string =>
		String(all.map((one) => one[word]).find((text) => typeof text === "string"));
}
