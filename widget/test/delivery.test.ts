import assert from "node:assert/strict";
import { test } from "node:test";
import { deliver, type Order, type Progress } from "../src/chat/delivery";
import { ChatFailure } from "../src/net/failure";
import { done, error, hastyNetwork, type Step, scriptedClient, start, token } from "./fakes";

const ORDER: Order = { text: "Hi", clientMessageId: "c", messageId: null };
const CUT = new ChatFailure("unreachable");
const EMPTY = { messages: [], active: null };

interface Outcome {
	/** What is on the page at the end. */
	readonly text: string;
	readonly events: readonly Progress[];
	readonly failure: string | null;
	readonly calls: readonly string[];
	readonly floors: readonly number[];
}

async function run(
	answers: (readonly Step[])[],
	{
		order = ORDER,
		histories = [EMPTY],
	}: { order?: Order; histories?: Parameters<typeof scriptedClient>[1] } = {},
): Promise<Outcome> {
	const { client, calls } = scriptedClient(answers, histories);
	const { network, floors, listeners } = hastyNetwork();
	const events: Progress[] = [];
	let text = "";
	let failure: string | null = null;
	try {
		for await (const event of deliver(order, client, network, new AbortController().signal)) {
			events.push(event);
			if (event.type === "start") text = text.slice(0, event.position);
			if (event.type === "token") text += event.token;
			if (event.type === "done") text = event.message;
		}
	} catch (thrown) {
		assert.ok(thrown instanceof ChatFailure, String(thrown));
		failure = thrown.kind;
	}
	assert.equal(listeners.size, 0, "nothing listens on");
	return { text, events, failure, calls, floors };
}

test("a reply that comes is asked for once", async () => {
	const { text, calls, failure } = await run([
		[start("m"), token("Hel"), token("lo"), done("Hello")],
	]);
	assert.deepEqual([text, failure], ["Hello", null]);
	assert.deepEqual(calls, ["ask Hi c"]);
});

test("a stream that is cut goes on where it was, and the text is cut to the position", async () => {
	const { text, calls } = await run([
		[start("m"), token("Hel")],
		[start("m", 2), token("llo")],
		[start("m", 5), token("!"), done("Hello!")],
	]);
	assert.equal(text, "Hello!");
	assert.deepEqual(calls, ["ask Hi c", "resume m 3", "resume m 5"]);
});

test("an answer that never began is asked for again with the same id, by a server that knows ids", async () => {
	const { text, calls } = await run([[CUT], [start("m"), token("Hello"), done("Hello")]]);
	assert.equal(text, "Hello");
	assert.deepEqual(calls, ["ask Hi c", "history", "ask Hi c"]);
});

test("a server without a history is not asked again: it might answer twice", async () => {
	const { failure, calls } = await run([[CUT]], { histories: [null] });
	assert.equal(failure, "unreachable");
	assert.deepEqual(calls, ["ask Hi c", "history"]);
});

test("nor is one whose replies have no ids", async () => {
	const { failure, calls, text } = await run([[start(null), token("Hel")]]);
	assert.deepEqual([failure, text], ["cut_off", "Hel"]);
	assert.deepEqual(calls, ["ask Hi c"]);
});

for (const code of ["interrupted", "shutting_down", "not_found"]) {
	test(`a reply that ends with "${code}" is begun anew under its id, from nothing`, async () => {
		const { text, calls } = await run([
			[start("m"), token("Hel"), error(code)],
			[start("m"), token("Good day"), done("Good day")],
		]);
		assert.equal(text, "Good day");
		assert.deepEqual(calls, ["ask Hi c", "ask Hi c"]);
	});
}

test("a reply that the server has forgotten is asked for again", async () => {
	const { text, calls } = await run([
		[start("m"), token("Hel")],
		[new ChatFailure("lost")],
		[start("n"), token("Hello"), done("Hello")],
	]);
	assert.equal(text, "Hello");
	assert.deepEqual(calls, ["ask Hi c", "resume m 3", "ask Hi c"]);
});

test("a reply is begun anew at most five times", async () => {
	const breaks: Step[] = [start("m"), token("He"), error("interrupted")];
	const { failure, calls } = await run(Array(20).fill(breaks));
	assert.equal(failure, "interrupted");
	assert.equal(calls.length, 6);
});

test("another tab's reply is never asked for, but listened to again once it is begun anew", async () => {
	const order = { text: "", clientMessageId: null, messageId: "m" };
	const { text, calls } = await run(
		[
			[start("m"), token("He"), error("interrupted")],
			[start("m"), token("Good day"), done("Good day")],
		],
		{ order },
	);
	assert.equal(text, "Good day");
	assert.deepEqual(calls, ["resume m 0", "resume m 2"]);
});

test("failures without progress come to an end", async () => {
	const { failure, calls } = await run([[start("m"), token("He")], ...Array(40).fill([CUT])]);
	assert.equal(failure, "unreachable");
	assert.equal(calls.length, 21);
});

test("what is only heard again is no progress", async () => {
	const again: Step[] = [start("m", 0), token("He")];
	const { failure, calls } = await run(Array(40).fill(again));
	assert.equal(failure, "cut_off");
	assert.equal(calls.length, 21);
});

test("progress makes patient", async () => {
	const pieces = Array.from({ length: 40 }, (_, i): Step[] => [start("m", i), token("x")]);
	const { text, failure } = await run([...pieces, [start("m", 40), done("x".repeat(40))]]);
	assert.deepEqual([text, failure], ["x".repeat(40), null]);
});

for (const kind of ["denied", "conflict", "deleted", "refused", "broken"] as const) {
	test(`"${kind}" is final`, async () => {
		const { failure, calls } = await run([[new ChatFailure(kind)]]);
		assert.equal(failure, kind);
		assert.deepEqual(calls, ["ask Hi c"]);
	});
}

test("Retry-After is waited for, and the visitor is told", async () => {
	const { text, floors, events } = await run([
		[new ChatFailure("too_many", 7000)],
		[start("m"), done("Hello")],
	]);
	assert.equal(text, "Hello");
	assert.deepEqual(floors, [7000]);
	assert.deepEqual(events[0], { type: "paused", why: "too_many" });
});

test("the first reconnection is silent, the second is told", async () => {
	const { events } = await run([[start("m"), token("H")], [CUT], [start("m", 1), done("Hi")]]);
	assert.deepEqual(
		events.map(({ type }) => type),
		["start", "token", "paused", "start", "done"],
	);
});

test("offline the first one is told too", async () => {
	const { client } = scriptedClient([
		[start("m"), token("H")],
		[start("m", 1), done("Hi")],
	]);
	const network = { ...hastyNetwork().network, isOffline: () => true };
	const types: string[] = [];
	for await (const { type } of deliver(ORDER, client, network, new AbortController().signal)) {
		types.push(type);
	}
	assert.deepEqual(types, ["start", "token", "paused", "start", "done"]);
});

test("a change of networks gives up the old connection", async () => {
	const { client, calls } = scriptedClient([
		[start("m"), token("Hel"), "hang"],
		[start("m", 3), token("lo"), done("Hello")],
	]);
	const { network, change } = hastyNetwork();
	for await (const event of deliver(ORDER, client, network, new AbortController().signal)) {
		if (event.type === "token" && event.token === "Hel") setImmediate(change);
	}
	assert.deepEqual(calls, ["ask Hi c", "resume m 3"]);
});

test("it leaves alone the only connection that a server without ids has", async () => {
	const { client } = scriptedClient([[start(null), token("Hel"), "hang"]]);
	const { network, change } = hastyNetwork();
	const abort = new AbortController();
	const types: string[] = [];
	await assert.rejects(async () => {
		for await (const event of deliver(ORDER, client, network, abort.signal)) {
			types.push(event.type);
			if (event.type !== "token") continue;
			change();
			setImmediate(() => {
				types.push("the visitor leaves");
				abort.abort();
			});
		}
	}, ChatFailure);
	assert.deepEqual(types, ["start", "token", "the visitor leaves"]);
});

test("who aborts hears no more", async () => {
	const { client, calls } = scriptedClient([[start("m"), token("Hel"), "hang"]]);
	const abort = new AbortController();
	setTimeout(() => abort.abort(), 5);
	await assert.rejects(async () => {
		for await (const _ of deliver(ORDER, client, hastyNetwork().network, abort.signal));
	}, ChatFailure);
	assert.deepEqual(calls, ["ask Hi c"]);
});
