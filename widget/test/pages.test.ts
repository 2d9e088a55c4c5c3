import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { curlCommand, shellQuote } from "../pages/curl";
import { keyInFragment } from "../pages/key";
import { embedSnippet } from "../pages/snippet";

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
