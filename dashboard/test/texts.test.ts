import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { pickLanguage, pickLocale } from "../src/text/language";
import { defineTexts } from "../src/text/texts";

const t = defineTexts(async () => ({
	default: {
		hello: "Hello {name}",
		messages_one: "One message",
		messages_other: "{count} messages",
	},
}));

test("a text takes its parameters, and the form of its number", async () => {
	await t.load();
	assert.equal(t("hello", { name: "<Ann> {name}" }), "Hello <Ann> {name}");
	assert.equal(t("messages", { count: 1 }), "One message");
	assert.equal(t("messages", { count: 0 }), "0 messages");
	assert.equal(t("messages", { count: 12345 }).replace(/\D/g, ""), "12345");
});

test("a parameter that is missing stays visible", async () => {
	await t.load();
	assert.equal(t("hello"), "Hello {name}");
});

test("the user's choice of a language comes before the browser's", () => {
	assert.equal(pickLanguage("fr", ["de-AT"]), "fr");
	assert.equal(pickLanguage(null, ["nl", "de-AT", "en"]), "de");
	assert.equal(pickLanguage("xx", ["toString"]), "en");
	assert.equal(pickLanguage(null, []), "en");
});

test("dates follow the browser's region", () => {
	assert.equal(pickLocale("de", ["en-US", "de-CH"]), "de-CH");
	assert.equal(pickLocale("en", ["fr"]), "en-GB");
	assert.equal(pickLocale("es", []), "es");
});

/** Words that texts used before, by language, because another one is usual or the texts use that one elsewhere. */
const OUTDATED: Readonly<Record<string, RegExp>> = {
	en: /\bthe tag\b.*\b(site|page|body)\b|\bnobody\b|\bmeanwhile\b|\bsign(ed)? (in|out)\b|\bsign-ins?\b|\bhow well it fits\b|\bread again\b|\w's\b/i,
	de: /\bZahlen$|\bdas Tag\b|\bMensch(en)?\b|\bKn(o|ö)pfe?\b|\bToken (am|im|pro)\b|\bauf eine Person\b|[^\s]…/,
	fr: /\bjetons?\b|\bchiffres$|\bbalise\b|serveurs? du modèle\b|serveurs? de modèle\b/i,
	// "su", "elija" and "escriba" are for people whom the other texts do not address so formally.
	es: /\bcifras$|\bórdenes\b|\bservidor del? modelo\b|\ben su\b|\belija\b|\bescriba\b/i,
};

test("texts use one word for one thing, in each language", () => {
	const folders = readdirSync("src").map((part) => `src/${part}/texts`);
	const paths = [...folders.filter((one) => existsSync(one)), "src/text/common"].flatMap((folder) =>
		readdirSync(folder).map((name) => `${folder}/${name}`),
	);
	assert.ok(paths.length >= 4 * 13);
	const found = paths.flatMap((path) => {
		const outdated = OUTDATED[path.slice(-7, -5)];
		const texts = Object.entries(JSON.parse(readFileSync(path, "utf8")));
		return texts.filter(([, text]) => outdated?.test(String(text))).map((one) => [path, ...one]);
	});
	assert.deepEqual(found, []);
});
