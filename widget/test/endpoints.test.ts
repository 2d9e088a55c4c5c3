import assert from "node:assert/strict";
import { test } from "node:test";
import { routesFrom } from "../pages/endpoints";

const BASES: readonly [apiUrl: string, base: string][] = [
	["https://a.example/chat", "https://a.example/v1/chat/"],
	["https://a.example/chat/", "https://a.example/v1/chat/"],
	["https://a.example/v1/chat/stream", "https://a.example/v1/chat/"],
	["http://a.example:4000/support/chat", "http://a.example:4000/support/v1/chat/"],
	["https://a.example/x/v1/chat/stream", "https://a.example/x/v1/chat/"],
];

for (const [apiUrl, base] of BASES) {
	test(`beside ${apiUrl} the others are below ${base}`, () => {
		const routes = routesFrom(apiUrl);
		assert.equal(routes?.history("s:1"), `${base}history?sessionId=s%3A1`);
		assert.equal(routes?.resume("m/1", "s", 7), `${base}stream/m%2F1?sessionId=s&after=7`);
		assert.equal(routes?.stop("m"), `${base}m/stop`);
	});
}

test("a query of the site's own stays, a fragment does not", () => {
	const routes = routesFrom("https://a.example/chat?tenant=7#top");
	assert.equal(routes?.history("s"), "https://a.example/v1/chat/history?tenant=7&sessionId=s");
});

test("nothing is known beside an address of another form", () => {
	for (const apiUrl of ["https://a.example/webhook", "https://a.example/chatter"]) {
		assert.equal(routesFrom(apiUrl), null);
	}
});
