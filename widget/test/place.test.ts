import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../src/app/socket/place";
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

test("a widget's paths are below the server's, with its id encoded", () => {
	const place = placeOf("https://chat.example/banter", "wid_0");
	assert.equal(place.settings, "https://chat.example/banter/api/widget/wid_0/settings");
	assert.equal(place.socket(null), "wss://chat.example/banter/api/widget/wid_0/ws?stream=1");
	assert.equal(
		placeOf("http://localhost:4000", "../../v1/admin?x=").socket("a+b"),
		"ws://localhost:4000/api/widget/..%2F..%2Fv1%2Fadmin%3Fx%3D/ws?stream=1&token=a%2Bb",
	);
});
