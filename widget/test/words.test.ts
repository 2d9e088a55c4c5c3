import assert from "node:assert/strict";
import { test } from "node:test";
import { createWords, type Word } from "../src/app/words";
import english from "../src/locales/en.json";

const KEYS = Object.keys(english) as Word[];
const language = { code: "en", texts: Object.values(english) };
const ownTexts = (front: string) => Object.fromEntries(KEYS.map((key) => [key, `${front} ${key}`]));

test("a widget's settings can replace every text: those of the language first, then those of all", () => {
	const all = createWords({ language, record: { texts: ownTexts("own") } });
	const both = createWords({
		language,
		record: { texts: { ...ownTexts("own"), en: ownTexts("English"), de: ownTexts("German") } },
	});
	for (const key of KEYS) {
		assert.equal(all(key), `own ${key}`);
		assert.equal(both(key), `English ${key}`);
	}
});

test("a text that is no text is not taken, and parameters are filled in", () => {
	const words = createWords({ language, record: { texts: { joined: 1, left: "Bye, {name}" } } });
	assert.equal(words("joined", { name: "Ann" }), english.joined.replace("{name}", "Ann"));
	assert.equal(words("left", { name: "Ann" }), "Bye, Ann");
});
