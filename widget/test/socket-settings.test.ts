import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Network } from "../src/net/backoff";
import { awaitSettings, parseSettings, placeOf } from "../src/socket/settings";
import { type Clock, stopClock } from "./clock";
import { hastyNetwork } from "./fakes";
import { settle } from "./sockets";

const ID = "wid_0123456789abcdefABCDEF";

test("a widget's paths are beside its script, below any prefix of a proxy", () => {
	const place = placeOf(ID, "https://chat.example/banter/api/widget/embed.js?v=2");
	assert.equal(place.config, `https://chat.example/banter/api/widget/${ID}/config`);
	assert.equal(place.socket(null), `wss://chat.example/banter/api/widget/${ID}/ws?stream=1`);
	assert.equal(
		placeOf(ID, "http://localhost:4000/widget/chat-widget.js").socket("a+b"),
		`ws://localhost:4000/api/widget/${ID}/ws?stream=1&token=a%2Bb`,
	);
});

test("a script with another name uses the root of its server; an id is encoded", () => {
	const place = placeOf("../../v1/admin?x=", "https://cdn.example/js/chat.js");
	assert.equal(place.config, "https://cdn.example/api/widget/..%2F..%2Fv1%2Fadmin%3Fx%3D/config");
});

test("the dashboard's settings are used", () => {
	const config = parseSettings(
		JSON.stringify({
			name: "Support",
			greeting: "Hello!",
			primary_color: "#f00",
			text_color: "#000000",
			position: "bottom_left",
			contact_info_mode: "required",
			collect_name: true,
			collect_email: true,
			collect_phone: false,
		}),
	);
	assert.deepEqual(config, {
		title: "Support",
		welcomeMessage: "Hello!",
		inputPlaceholder: "Write a message…",
		position: "left",
		accent: { r: 255, g: 0, b: 0 },
		onAccent: { r: 0, g: 0, b: 0 },
		contact: { required: true, fields: ["name", "email"] },
	});
});

test("missing and invalid settings have their defaults", () => {
	for (const body of ["{}", "[]", "7", "", '{"name":7,"greeting":null,"primary_color":"red"}']) {
		assert.deepEqual(parseSettings(body), {
			title: "Chat with us",
			welcomeMessage: "Hi there! How can we help?",
			inputPlaceholder: "Write a message…",
			position: "right",
			accent: { r: 99, g: 102, b: 241 },
			onAccent: { r: 255, g: 255, b: 255 },
			contact: null,
		});
	}
});

test("without a collected field there is no form", () => {
	const body = { contact_info_mode: "required", collect_email: false };
	assert.equal(parseSettings(JSON.stringify(body)).contact, null);
	assert.equal(parseSettings('{"contact_info_mode":"none","collect_email":true}').contact, null);
});

const { fetch } = globalThis;
let clock: Clock;
beforeEach(() => {
	clock = stopClock();
});
afterEach(() => {
	clock.restore();
	globalThis.fetch = fetch;
});

/**
 * Asks a server of which the browser says: "kept", there is an answer that is not for this site; "gone",
 * there is none; "silent", there will be none; or the settings.
 */
function asking(says: (attempt: number) => "kept" | "gone" | "silent" | "settings") {
	let attempts = 0;
	let hints = 0;
	const waking = new Set<() => void>();
	const network: Network = {
		...hastyNetwork().network,
		pause: (_, ms) =>
			ms > 60_000 ? new Promise((wake) => waking.add(wake)) : new Promise(setImmediate),
	};
	globalThis.fetch = async (_, init) => {
		const isProbe = init?.mode === "no-cors";
		if (!isProbe) attempts++;
		const said = says(attempts);
		if (said === "settings") return new Response("{}");
		if (isProbe && said === "kept") return Response.error();
		if (isProbe && said === "silent") {
			await new Promise((_, cut) => init.signal?.addEventListener("abort", cut));
		}
		throw new TypeError("Failed to fetch");
	};
	const place = placeOf(ID, "https://chat.example/api/widget/embed.js");
	const settings = awaitSettings(place, network, () => {
		hints++;
	});
	return {
		settings,
		look: () => waking.forEach((wake) => void wake()),
		attempts: () => attempts,
		hints: () => hints,
		isAsleep: () => waking.size > 0,
	};
}

test("a response that the browser hid is requested again", async () => {
	const { settings, hints, isAsleep } = asking((n) => (n < 5 ? "kept" : "settings"));
	assert.equal((await settings)?.title, "Chat with us");
	assert.equal(hints(), 4);
	assert.equal(isAsleep(), false);
});

test("after five hidden responses in a row the next request waits until the page is seen", async () => {
	const { settings, look, attempts, isAsleep } = asking((n) => (n < 6 ? "kept" : "settings"));
	for (let i = 0; i < 10 && !isAsleep(); i++) await settle();
	assert.deepEqual([isAsleep(), attempts()], [true, 5]);
	look();
	assert.equal((await settings)?.title, "Chat with us");
});

test("hidden responses with others in between are not in a row", async () => {
	const says = (n: number) => (n > 12 ? "settings" : n % 3 === 0 ? "gone" : "kept");
	const { settings, isAsleep } = asking(says);
	assert.notEqual(await settings, null);
	assert.equal(isAsleep(), false);
});

test("a request without a response times out", async () => {
	const { settings, hints } = asking((n) => (n === 1 ? "silent" : "settings"));
	await settle();
	clock.tick(15_000);
	assert.notEqual(await settings, null);
	assert.equal(hints(), 0);
});
