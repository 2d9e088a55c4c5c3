import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { curlCommand, shellQuote } from "../pages/curl";
import { keyInFragment } from "../pages/key";
import { argumentsOf, METHODS } from "../pages/methods";
import { attributeOf, OPTIONS } from "../pages/options";
import { embedSnippet } from "../pages/snippet";
import { attributesFor, baselineOf, settingsFor } from "../pages/tag";

const FRAGMENTS: readonly [hash: string, key: string | null][] = [
	["", null],
	["#plants", null],
	["#key=", null],
	["#key=abc", "abc"],
	["#a=1&key=abc&b=2", "abc"],
	["#monkey=abc", null],
	["#key=a%2Fb%3D+c", "a/b=+c"],
	["#key=100%", "100%"],
];

for (const [hash, key] of FRAGMENTS) {
	test(`the key in "${hash}" is ${key}`, () => assert.equal(keyInFragment(hash), key));
}

test("a shell gives back whatever was quoted", () => {
	for (const text of ["", "plain", "it's", `'"\\$HOME \`id\` !`, "two\nlines", "€ 🌿"]) {
		const shown = execFileSync("/bin/sh", ["-c", `printf %s ${shellQuote(text)}`]);
		assert.equal(shown.toString(), text);
	}
});

test("the curl command is one shell command with every argument in its place", () => {
	const body = { sessionId: "s", message: "it's\n€", clientMessageId: "m" };
	const request = { url: "http://h/chat", key: "k'k", body };
	const script = `curl() { printf '%s\\0' "$@"; }\n${curlCommand(request)}`;
	const words = execFileSync("/bin/sh", ["-c", script]).toString().split("\0").slice(0, -1);
	assert.deepEqual(words, [
		"-N",
		"http://h/chat",
		"-H",
		"Content-Type: application/json",
		"-H",
		"x-api-key: k'k",
		"--data-raw",
		JSON.stringify(body),
	]);
});

test("the snippet escapes what would end an attribute", () => {
	assert.equal(
		embedSnippet([["data-title", 'Tom & "Jerry" <3']]),
		'<script\n  data-title="Tom &amp; &quot;Jerry&quot; &lt;3"\n  defer\n></script>',
	);
});

/** The rows of widget_settings.def, as options.ts has them. */
function settings() {
	const table = readFileSync(
		new URL("../../../../workerd/api/widget/widget_settings.def", import.meta.url),
		"utf8",
	);
	const row =
		/^SETTING\((NULL|"\w+"), "(\w+)", (?:field|widget_setting)_(\w+), (\d+), (\d+), (?:NULL|CHOICES\((.*?)\)), "([^"]*)"/gm;
	return [...table.matchAll(row)].map(([, group, name, kind, min, max, choices, fallback]) => ({
		name: group === "NULL" ? name : `${group?.slice(1, -1)}.${name}`,
		// The playground has one control for both.
		kind: kind === "link" ? "picture" : kind,
		...(/line$|picture|link|locale|choice|texts/.test(`${kind}`) ? {} : { min: Number(min) }),
		...(kind === "choice" ? {} : { max: Number(max) }),
		...(choices === undefined ? {} : { choices: choices.replace(/"/g, "").split(", ") }),
		fallback: fallback === "[]" ? "" : fallback,
	}));
}

/** The kinds that have another control than their name says. */
const KINDS: Readonly<Record<string, string>> = {
	url: "picture",
	object: "texts",
	fields: "contact_fields",
	kinds: "file_kinds",
};

test("the playground has a control for every setting of a widget, with its values and its default", () => {
	const shown = OPTIONS.filter(({ only }) => only !== "attribute").map((option) => {
		const { name, kind, min, max, choices, fallback = "" } = option;
		const isLocale = name === "locale";
		return {
			name,
			kind: isLocale ? "locale" : (KINDS[kind] ?? kind),
			...(min === undefined ? {} : { min }),
			...(max === undefined ? {} : { max }),
			...(choices === undefined || isLocale ? {} : { choices }),
			fallback,
		};
	});
	const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
		`${a.name}` < `${b.name}` ? -1 : 1;
	assert.deepEqual(shown.sort(byName), settings().sort(byName));
});

test("the playground has a control for every attribute that README.md names", () => {
	const text = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
	const named = new Set([...text.matchAll(/`(data-[a-z-]+)/g)].map(([, name]) => name));
	const shown = OPTIONS.map(({ name }) => attributeOf(name));
	const missing = [...named].filter((name) => !shown.includes(`${name}`));
	assert.deepEqual(
		missing.sort(),
		["data-api-key", "data-widget"],
		"these two say which tag it is",
	);
});

test("the playground offers every language", () => {
	const files = readdirSync(new URL("../../../src/locales", import.meta.url));
	const codes = files.map((name) => name.replace(".json", "")).sort();
	const { choices } = OPTIONS.find(({ name }) => name === "locale") ?? {};
	assert.deepEqual(choices, ["auto", ...codes]);
	assert.deepEqual([...(METHODS.locale.args?.[0]?.choices ?? [])].sort(), codes);
});

const CHOICES = new Map([
	["teaser.delaySeconds", "0"],
	["teaser.paths", "/a\n /b "],
	["sound", "true"],
	["texts", '{"send": "Go"}'],
	["title", "Shop"],
	["requiredFields", "name"],
]);

test("a tag has the chosen options as attributes, without those of the server", () => {
	assert.deepEqual(attributesFor("https://c", { tag: "widget", widget: "wid_1" }, CHOICES), [
		["src", "https://c/api/widget/embed.js"],
		["data-widget", "wid_1"],
		["data-title", "Shop"],
		["data-teaser-delay-seconds", "0"],
		["data-teaser-paths", "/a\n /b "],
		["data-required-fields", "name"],
		["data-sound", "true"],
	]);
});

test("the settings are those of the widget with the chosen ones", () => {
	const record = { settings: { theme: "dark", teaser: { text: "Hi" } } };
	assert.deepEqual(settingsFor(record, CHOICES), {
		theme: "dark",
		teaser: { text: "Hi", delaySeconds: 0, paths: ["/a", "/b"] },
		sound: true,
		texts: { send: "Go" },
		requiredFields: ["name"],
	});
});

test("what applies without an attribute: the widget's settings, else the default of the tag", () => {
	const record = {
		name: "Shop",
		contact_info_mode: "optional",
		collect_email: true,
		position: "bottom_left",
		settings: { radius: 4, starters: ["a", "b"] },
	};
	const own = (isKeyed: boolean) =>
		["title", "contactInfoMode", "collectEmail", "position", "radius", "starters", "sound"].map(
			(name) => {
				const option = OPTIONS.find((one) => one.name === name);
				return option && baselineOf(option, isKeyed, record);
			},
		);
	assert.deepEqual(own(false), ["Shop", "optional", "true", "left", "4", "a\nb", "false"]);
	assert.deepEqual(own(true), ["Assistant", "none", "false", "right", "4", "a\nb", "false"]);
});

test("a call of the page's API has the arguments that were typed", () => {
	const { identify, context, send } = METHODS;
	assert.deepEqual(argumentsOf(send, ["Hi"]), ["Hi"]);
	assert.deepEqual(argumentsOf(identify, ["Jane", "", "", "7", ""]), [
		{ name: "Jane", userId: "7" },
	]);
	assert.deepEqual(argumentsOf(context, ['{"plan": "pro"}']), [{ plan: "pro" }]);
	assert.throws(() => argumentsOf(context, ["plan"]), SyntaxError);
});
