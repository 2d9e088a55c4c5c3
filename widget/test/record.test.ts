// The settings that could not be fetched at once.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createNetwork } from "../src/app/net/backoff";
import { failureOfResponse } from "../src/app/net/failure";
import { requestText } from "../src/app/net/http";
import { watchPolicy } from "../src/app/net/policy";
import { createRetries } from "../src/app/net/retry";
import { fetchRecord } from "../src/app/record";
import { type Clock, stopClock } from "./clock";
import { settle } from "./sockets";

const tools = { createNetwork, createRetries, requestText, failureOfResponse, watchPolicy };
const URL = "https://chat.example/api/widget/wid_1/settings";
const { fetch } = globalThis;
let clock: Clock;
let page: EventTarget & { hidden?: boolean };

beforeEach(() => {
	clock = stopClock();
	page = new EventTarget();
	const target = new EventTarget();
	Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
	Object.assign(globalThis, {
		document: page,
		addEventListener: target.addEventListener.bind(target),
	});
});
afterEach(() => {
	clock.restore();
	Object.assign(globalThis, { fetch, document: undefined, addEventListener: undefined });
});

/**
 * Asks a server of which the browser says: "kept", there is a response that is not for this site; "gone",
 * there is none; "silent", there will be none; "blocked", the page's policy forbids it; or a status.
 */
function asking(says: (attempt: number) => "kept" | "gone" | "silent" | "blocked" | number) {
	let attempts = 0;
	globalThis.fetch = async (_, init) => {
		const isProbe = init?.mode === "no-cors";
		if (!isProbe) attempts++;
		const said = says(attempts);
		if (typeof said === "number") return new Response('{"name":"Support"}', { status: said });
		if (isProbe && said === "kept") return Response.error();
		if (said === "silent") {
			await new Promise((_, cut) => init?.signal?.addEventListener("abort", cut));
		}
		if (said === "blocked") {
			const violation = Object.assign(new Event("securitypolicyviolation"), {
				blockedURI: URL,
				effectiveDirective: "connect-src",
			});
			page.dispatchEvent(violation);
		}
		throw new TypeError("Failed to fetch");
	};
	const hints: string[] = [];
	const warn = console.warn;
	console.warn = (text: string) => hints.push(text);
	const abort = new AbortController();
	const loader = async () => await globalThis.fetch(URL).catch(() => undefined);
	const record = loader()
		.then((reply) => fetchRecord(URL, abort.signal, reply, tools))
		.finally(() => {
			console.warn = warn;
		});
	/** Lets this much time pass, in steps. */
	const wait = async (seconds: number) => {
		for (let i = 0; i < seconds; i++) {
			clock.tick(1000);
			await settle();
		}
	};
	return { record, hints, wait, abort, attempts: () => attempts };
}

test("a response that the browser hid is requested again, with one hint", async () => {
	const { record, hints, wait } = asking((n) => (n < 5 ? "kept" : 200));
	await wait(60);
	assert.deepEqual(await record, { name: "Support" });
	assert.deepEqual(hints, [`No chat: check data-widget, and its allowed origins, at ${URL}`]);
});

test("after five hidden responses in a row the next request waits until the page is seen", async () => {
	const { record, attempts, wait } = asking((n) => (n < 6 ? "kept" : 200));
	await wait(600);
	assert.equal(attempts(), 5);
	page.dispatchEvent(new Event("visibilitychange"));
	await settle();
	assert.deepEqual(await record, { name: "Support" });
});

test("hidden responses with others in between are not in a row", async () => {
	const { record, attempts, wait } = asking((n) => (n > 12 ? 200 : n % 3 === 0 ? "gone" : "kept"));
	await wait(600);
	assert.equal(attempts(), 13);
	assert.deepEqual(await record, { name: "Support" });
});

test("a request without a response times out", async () => {
	const { record, hints, wait } = asking((n) => (["gone", "silent"] as const)[n - 1] ?? 200);
	await wait(90);
	assert.deepEqual(await record, { name: "Support" });
	assert.deepEqual(hints, []);
});

for (const status of [403, 404]) {
	test(`${status}: there is no widget, and no second request`, async () => {
		const { record, hints, attempts } = asking(() => status);
		assert.equal(await record, null);
		assert.deepEqual([hints.length, attempts()], [1, 1]);
	});
}

test("a page whose policy forbids the server is told once, and asks no more", async () => {
	const { record, hints, attempts, wait } = asking(() => "blocked");
	await wait(60);
	assert.equal(await record, null);
	const reason =
		"the page's Content-Security-Policy must allow https://chat.example in connect-src";
	assert.deepEqual(hints, [`No chat: ${reason}`]);
	assert.equal(attempts(), 1);
});

test("a widget that is destroyed asks no more", async () => {
	const { record, attempts, wait, abort } = asking(() => "gone");
	await wait(2);
	abort.abort();
	await wait(1);
	assert.equal(await record, null);
	const before = attempts();
	await wait(300);
	assert.equal(attempts(), before);
});
