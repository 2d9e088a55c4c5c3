// Sending a message again with the same id stores it once: its reply is repeated, joined, or
// restarted.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { until, useBanter, withBanter } from "./harness.mjs";
import { KEY, stop, storedMessages, textAfter, textUntil } from "./replies.mjs";

const by = (id) => ({ headers: { "idempotency-key": id } });

describe("the same message again", () => {
	const banter = useBanter();

	it("is answered from the store: stored once, without a model request", async () => {
		const message = "[[tokens=3]] once";
		const first = await banter.chat("again", message, by("id-1"));
		assert.equal(first.status, 200);
		for (let i = 0; i < 4; i++) {
			const again = await banter.chat("again", message, by("id-1"));
			assert.equal(again.status, 200);
			assert.deepEqual(again.json, first.json);
		}
		assert.equal(await banter.modelCalls(message), 1);
		assert.deepEqual(await storedMessages(banter, "again"), [
			["user", message, "complete"],
			["assistant", "t0 t1 t2", "complete"],
		]);
	});

	for (const path of ["/v1/chat/stream", "/chat"])
		it(`${path}: its reply is also streamed from the start`, async () => {
			const session = `stream${path.replaceAll("/", ".")}`;
			const message = `[[tokens=3]] ${path}`;
			const first = await (await banter.stream(session, message, { path, ...by("s") })).rest();
			const again = await (await banter.stream(session, message, { path, ...by("s") })).rest();
			assert.deepEqual(again.at(0), first.at(0));
			assert.deepEqual(again.at(-1), first.at(-1));
			assert.equal(textOf(again).trimEnd(), textOf(first).trimEnd());
			assert.equal(await banter.modelCalls(message), 1);
		});

	it("may have its id in the body, the header, or the same one in both", async () => {
		const message = "[[tokens=2]] body and header";
		const send = (headers, extra) =>
			banter.request("POST", "/v1/chat", {
				headers: { ...KEY, ...headers },
				body: { sessionId: "where", message, ...extra },
			});
		const id = { "idempotency-key": "w.h:e-r_e" };
		const answers = [
			await send({}, { clientMessageId: "w.h:e-r_e" }),
			await send(id, {}),
			await send(id, { clientMessageId: "w.h:e-r_e" }),
		];
		for (const answer of answers) {
			assert.equal(answer.status, 200);
			assert.deepEqual(answer.json, answers[0].json);
		}
		assert.equal(await banter.modelCalls(message), 1);
	});

	it("without an id is a separate message", async () => {
		const message = "[[tokens=1]] no id";
		const first = await banter.chat("no-id", message);
		const second = await banter.chat("no-id", message);
		assert.notEqual(second.json.messageId, first.json.messageId);
		assert.equal(await banter.modelCalls(message), 2);
	});

	it("with another text is 409 on every path and stores nothing", async () => {
		await banter.chat("conflict", "[[tokens=1]] one", by("c"));
		for (const path of ["/v1/chat", "/v1/chat/stream", "/chat"]) {
			const answer = await banter.chat("conflict", "[[tokens=1]] other", { path, ...by("c") });
			assertError(answer, 409, undefined, "id_conflict");
		}
		assert.equal((await storedMessages(banter, "conflict")).length, 2);
		assert.equal(await banter.modelCalls("[[tokens=1]] other"), 0);
	});

	it("may use an id of another session", async () => {
		const first = await banter.chat("mine", "[[tokens=1]] mine", by("same"));
		const second = await banter.chat("yours", "[[tokens=1]] yours", by("same"));
		assert.equal(second.status, 200);
		assert.notEqual(second.json.messageId, first.json.messageId);
		assert.notEqual(second.json.conversationId, first.json.conversationId);
	});

	it("has case-sensitive ids", async () => {
		const lower = await banter.chat("case", "[[tokens=1]]", by("abc"));
		const upper = await banter.chat("case", "[[tokens=1]]", by("ABC"));
		assert.notEqual(upper.json.messageId, lower.json.messageId);
	});

	for (const [what, id, headers] of [
		["empty", "", {}],
		["too long", "a".repeat(129), {}],
		["of another alphabet", "a b", {}],
		["not ASCII", "ä", {}],
		["with a NUL", "a\0", {}],
		["a number", 7, {}],
		["null", null, {}],
		["an object", {}, {}],
		["not that of the header", "a", { "idempotency-key": "b" }],
		["in the header, empty", undefined, { "idempotency-key": "" }],
		["in the header, too long", undefined, { "idempotency-key": "a".repeat(129) }],
		["in the header, in quotes", undefined, { "idempotency-key": '"a"' }],
		["good, beside a bad header", "a", { "idempotency-key": "a/b" }],
	])
		it(`400: an id that is ${what}`, async () => {
			for (const path of ["/v1/chat", "/v1/chat/stream", "/chat"]) {
				const answer = await banter.request("POST", path, {
					headers: { ...KEY, ...headers },
					body: { sessionId: "wrong", message: "x", clientMessageId: id },
				});
				assertError(answer, 400, "Invalid request payload");
				assert.match(answer.json.details, /clientMessageId|Idempotency-Key/);
			}
		});

	it("accepts an id of 128 characters", async () => {
		assert.equal((await banter.chat("long", "[[tokens=1]]", by("a".repeat(128)))).status, 200);
	});
});

describe("a message whose reply is running", () => {
	const banter = useBanter();

	it("is joined: all clients of all workers receive the same reply of one model request", async () => {
		const message = "[[tokens=3 hang-after=3]] joined";
		const first = await banter.stream("joined", message, by("j"));
		const { messageId } = await first.next();
		await first.tokens(3);
		const streams = await Promise.all(
			Array.from({ length: 8 }, () => banter.stream("joined", message, by("j"))),
		);
		const workers = await banter.workersOf(streams.map((one) => one.socket));
		assert.equal(new Set(workers).size, 2, "both workers serve it");
		for (const stream of streams) {
			const start = await stream.next();
			assert.equal(start.messageId, messageId);
			assert.equal(start.position, undefined);
			assert.equal(await textUntil(stream, 9), "t0 t1 t2 ");
		}
		const whole = banter.chat("joined", message, by("j"));
		await stop(banter, messageId, "joined");
		const [own] = await first.rest();
		for (const stream of streams) assert.deepEqual(await stream.rest(), [own]);
		const { json } = await whole;
		assert.equal(json.message, "t0 t1 t2");
		assert.equal(json.messageId, messageId);
		assert.equal(await banter.modelCalls(message), 1);
	});

	it("sent twice at the same time is one message", async () => {
		const message = "[[tokens=5 delay=10]] twins";
		const answers = await Promise.all(
			Array.from({ length: 10 }, () => banter.chat("twins", message, by("t"))),
		);
		for (const answer of answers) assert.deepEqual(answer.json, answers[0].json);
		assert.equal(answers[0].status, 200);
		assert.equal(await banter.modelCalls(message), 1);
		assert.equal((await storedMessages(banter, "twins")).length, 2);
	});

	it("409 with another text", async () => {
		const stream = await banter.stream("busy", "[[tokens=2 hang-after=2]] one", by("b"));
		await stream.tokens(2);
		assertError(await banter.chat("busy", "other", by("b")), 409, undefined, "id_conflict");
		stream.leave();
	});
});

describe("a message whose reply was interrupted", () => {
	const banter = useBanter();

	it("is restarted in its old place", async () => {
		const message = "[[fail=400 fail-times=1 tokens=3]] heal";
		assertError(await banter.chat("heal", message, by("h")), 502);
		assert.deepEqual(await storedMessages(banter, "heal"), [
			["user", message, "complete"],
			["assistant", "", "interrupted"],
		]);
		await banter.chat("heal", "[[tokens=1]] later");
		const healed = await banter.chat("heal", message, by("h"));
		assert.equal(healed.status, 200);
		assert.deepEqual(await storedMessages(banter, "heal"), [
			["user", message, "complete"],
			["assistant", "t0 t1 t2", "complete"],
			["user", "[[tokens=1]] later", "complete"],
			["assistant", "t0", "complete"],
		]);
		assert.equal(await banter.modelCalls(message), 2);
	});

	it("after its worker was killed: the id returns the reply under the same messageId", async () => {
		const message = "[[tokens=50 delay=10 hold-after=40]] killed";
		const stream = await banter.stream("killed", message, by("k"));
		const { messageId } = await stream.next();
		await stream.tokens(5);
		const [worker] = await banter.workersOf([stream.socket]);
		await banter.killWorkers([worker]);
		await banter.release("killed");
		await banter.ready();
		const events = await until("the reply is whole", async () => {
			const again = await banter.stream("killed", message, by("k")).catch(() => undefined);
			if (again?.status !== 200) return false; // the next worker is not there yet
			const all = await again.rest();
			return all.at(-1).type === "done" && all;
		});
		assert.equal(events[0].messageId, messageId);
		assert.equal(textAfter(events), Array.from({ length: 50 }, (_, i) => `t${i} `).join(""));
		assert.deepEqual(await storedMessages(banter, "killed"), [
			["user", message, "complete"],
			["assistant", events.at(-1).message, "complete"],
		]);
		assert.equal(await banter.modelCalls(message), 2);
	});
});

describe("a message whose reply was stopped", () => {
	const banter = useBanter({ workers: 1 });

	it("is not restarted: its partial text is its reply", async () => {
		const message = "[[tokens=2 hang-after=2]] stopped";
		const stream = await banter.stream("stopped", message, by("s"));
		const { messageId } = await stream.next();
		await stream.tokens(2);
		assert.equal((await stop(banter, messageId, "stopped")).json.status, "stopped");
		const again = await banter.chat("stopped", message, by("s"));
		assert.equal(again.status, 200);
		assert.equal(again.json.messageId, messageId);
		assert.equal(again.json.message, "t0 t1");
		assert.equal(again.json.status, "stopped");
		const events = await (await banter.stream("stopped", message, by("s"))).rest();
		assert.equal(events.at(-1).status, "stopped");
		assert.equal(await banter.modelCalls(message), 1);
	});
});

describe("the model's usage", () => {
	const banter = useBanter({ workers: 1 });

	it("is returned, also from the store; null if the model sends none", async () => {
		const told = await banter.chat("usage", "[[tokens=3]] counted", by("u"));
		assert.equal(told.json.usage.completionTokens, 3);
		assert.ok(told.json.usage.promptTokens > 0);
		const again = await banter.chat("usage", "[[tokens=3]] counted", by("u"));
		assert.deepEqual(again.json.usage, told.json.usage);
		const untold = await banter.chat("usage", "[[tokens=3 no-usage]]");
		assert.equal(untold.json.usage, null);
	});
});

describe("while the store is away", () => {
	it("is 503, and the same message later is answered once", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			await banter.stopStore();
			const message = "[[tokens=2]] away";
			const refused = await Promise.all(
				Array.from({ length: 3 }, () => banter.chat("away", message, by("a"))),
			);
			for (const answer of refused) assertError(answer, 503);
			banter.startStore();
			await banter.ready();
			const answer = await until("an answer", async () => {
				const one = await banter.chat("away", message, by("a"));
				return one.status === 200 && one;
			});
			assert.equal(answer.json.message, "t0 t1");
			assert.equal((await storedMessages(banter, "away")).length, 2);
			assert.ok((await banter.modelCalls(message)) >= 1);
		});
	});
});
