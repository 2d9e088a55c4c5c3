import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPlace, widgetPlace } from "../src/app/chat/place";
import { serverOf } from "../src/loader/tag";

const PAGE = "https://shop.example/plants/fern";
const SERVERS: readonly [script: string, apiUrl: string, server: string][] = [
	["https://chat.example/banter/api/widget/embed.js?v=2", "", "https://chat.example/banter"],
	["http://localhost:4000/widget/chat-widget.js", "", "http://localhost:4000"],
	[
		"https://chat.example/widget/chat-widget.js",
		"https://other.example/chat",
		"https://chat.example",
	],
	// A copy that the site serves itself.
	["https://shop.example/js/chat.js", "https://chat.example/x/chat", "https://chat.example/x"],
	[
		"https://shop.example/js/chat.js",
		"https://chat.example/v1/chat/stream",
		"https://chat.example",
	],
	["https://cdn.example/js/chat.js", "", "https://cdn.example"],
	["https://cdn.example/js/chat.js", "/x/chat", "https://shop.example/x"],
	// An inline script.
	["", "", "https://shop.example"],
];
for (const [script, apiUrl, server] of SERVERS) {
	test(`the server of ${script || "an inline script"} and ${apiUrl || "no address"} is ${server}`, () => {
		assert.equal(serverOf(script, apiUrl, PAGE), server);
	});
}

const WISHES = "stream=1&operators=1&history=1&sources=1";

test("a widget's paths are below the server's, with its id encoded", () => {
	const place = widgetPlace("https://chat.example/banter", "wid_0");
	assert.equal(place.settings, "https://chat.example/banter/api/widget/wid_0/settings");
	assert.equal(place.url("ws", null), `wss://chat.example/banter/api/widget/wid_0/ws?${WISHES}`);
	assert.equal(
		widgetPlace("http://localhost:4000", "../../v1/admin?x=").url("ws", "a+b"),
		`ws://localhost:4000/api/widget/..%2F..%2Fv1%2Fadmin%3Fx%3D/ws?${WISHES}&token=a%2Bb`,
	);
	assert.equal(
		place.url("frames", "t", { after: "7" }),
		`https://chat.example/banter/api/widget/wid_0/frames?${WISHES}&token=t&after=7`,
	);
});

test("with a key, the paths are those of the chat", () => {
	const place = keyPlace("https://chat.example/x", "k&1");
	for (const [leaf, path] of [
		["ws", "wss://chat.example/x/v1/chat/ws"],
		["events", "https://chat.example/x/v1/chat/feed"],
		["frames", "https://chat.example/x/v1/chat/feed/frames"],
	] as const)
		assert.equal(place.url(leaf, "s"), `${path}?${WISHES}&sessionId=s&key=k%261`);
});
