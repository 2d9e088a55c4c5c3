import assert from "node:assert/strict";
import { test } from "node:test";
import { deliver, type Order, type Progress } from "../src/app/chat/delivery";
import { ChatFailure } from "../src/app/net/failure";
import {
	done,
	error,
	hastyNetwork,
	type Step,
	scriptedClient,
	start,
	stored,
	token,
} from "./fakes";

const ORDER: Order = { text: "Hi", clientMessageId: "c", messageId: null };
const CUT = new ChatFailure("unreachable");
const EMPTY = stored([]);

interface Outcome {
	/** The text on the page at the end. */
	readonly text: string;
	readonly events: readonly Progress[];
	readonly failure: string | null;
	readonly calls: readonly string[];
	readonly floors: readonly number[];
}

async function run(
	answers: (readonly Step[])[],
	order = ORDER,
	histories: Parameters<typeof scriptedClient>[1] = [EMPTY],
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
	assert.equal(listeners.size, 0, "no listener is left");
	return { text, events, failure, calls, floors };
}

test("a reply that arrives is requested once", async () => {
	const reply = [start("m"), token("Hel"), token("lo"), done("Hello")];
	const { text, calls, failure } = await run([reply]);
	assert.deepEqual([text, failure], ["Hello", null]);
	assert.deepEqual(calls, ["ask Hi c"]);
});

test("a stream that breaks is resumed where it was, and the text is cut to the position", async () => {
	const { text, calls } = await run([
		[start("m"), token("Hel")],
		[start("m", 2), token("llo")],
		[start("m", 5), token("!"), done("Hello!")],
	]);
	assert.equal(text, "Hello!");
	assert.deepEqual(calls, ["ask Hi c", "resume m 3", "resume m 5"]);
});

test("a reply that never began is requested again with the same id, if the server knows ids", async () => {
	const { text, calls } = await run([[CUT], [start("m"), token("Hello"), done("Hello")]]);
	assert.equal(text, "Hello");
	assert.deepEqual(calls, ["ask Hi c", "history", "ask Hi c"]);
});

test("a server without a history is not asked again: it might reply twice", async () => {
	const { failure, calls } = await run([[CUT]], ORDER, [null]);
	assert.equal(failure, "unreachable");
	assert.deepEqual(calls, ["ask Hi c", "history"]);
});

test("nor is one whose replies have no ids", async () => {
	const { failure, calls, text } = await run([[start(null), token("Hel")]]);
	assert.deepEqual([failure, text], ["cut_off", "Hel"]);
	assert.deepEqual(calls, ["ask Hi c"]);
});

for (const code of ["interrupted", "shutting_down", "not_found"]) {
	test(`a reply that ends with "${code}" is restarted under its id, from an empty text`, async () => {
		const { text, calls } = await run([
			[start("m"), token("Hel"), error(code)],
			[start("m"), token("Good day"), done("Good day")],
		]);
		assert.equal(text, "Good day");
		assert.deepEqual(calls, ["ask Hi c", "ask Hi c"]);
	});
}

test("a reply that the server has lost is requested again", async () => {
	const { text, calls } = await run([
		[start("m"), token("Hel")],
		[new ChatFailure("lost")],
		[start("n"), token("Hello"), done("Hello")],
	]);
	assert.equal(text, "Hello");
	assert.deepEqual(calls, ["ask Hi c", "resume m 3", "ask Hi c"]);
});

test("a reply is restarted at most five times", async () => {
	const breaks: Step[] = [start("m"), token("He"), error("interrupted")];
	const { failure, calls } = await run(Array(20).fill(breaks));
	assert.equal(failure, "interrupted");
	assert.equal(calls.length, 6);
});

test("another tab's reply is never requested, but resumed after its restart", async () => {
	const order = { text: "", clientMessageId: null, messageId: "m" };
	const { text, calls } = await run(
		[
			[start("m"), token("He"), error("interrupted")],
			[start("m"), token("Good day"), done("Good day")],
		],
		order,
	);
	assert.equal(text, "Good day");
	assert.deepEqual(calls, ["resume m 0", "resume m 2"]);
});

test("attempts without progress are limited", async () => {
	const { failure, calls } = await run([[start("m"), token("He")], ...Array(40).fill([CUT])]);
	assert.equal(failure, "unreachable");
	assert.equal(calls.length, 21);
});

test("repeated text is not progress", async () => {
	const again: Step[] = [start("m", 0), token("He")];
	const { failure, calls } = await run(Array(40).fill(again));
	assert.equal(failure, "cut_off");
	assert.equal(calls.length, 21);
});

test("attempts with progress are not limited", async () => {
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

test("a pause lasts as long as Retry-After, and the visitor is informed", async () => {
	const { text, floors, events } = await run([
		[new ChatFailure("too_many", 7000)],
		[start("m"), done("Hello")],
	]);
	assert.equal(text, "Hello");
	assert.deepEqual(floors, [7000]);
	assert.deepEqual(events[0], { type: "paused", why: "too_many" });
});

test("the first reconnection is silent, the second is shown", async () => {
	const { events } = await run([[start("m"), token("H")], [CUT], [start("m", 1), done("Hi")]]);
	assert.deepEqual(
		events.map(({ type }) => type),
		["start", "token", "paused", "start", "done"],
	);
});

test("offline the first one is shown too", async () => {
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

test("a change of the network replaces the connection", async () => {
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

test("but not the connection to a server without ids, which could not be resumed", async () => {
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

test("an abort ends the delivery", async () => {
	const { client, calls } = scriptedClient([[start("m"), token("Hel"), "hang"]]);
	const abort = new AbortController();
	setTimeout(() => abort.abort(), 5);
	await assert.rejects(async () => {
		for await (const _ of deliver(ORDER, client, hastyNetwork().network, abort.signal));
	}, ChatFailure);
	assert.deepEqual(calls, ["ask Hi c"]);
});
