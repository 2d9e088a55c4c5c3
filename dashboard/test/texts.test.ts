import assert from "node:assert/strict";
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
