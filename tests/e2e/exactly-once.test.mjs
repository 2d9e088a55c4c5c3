// However the network loses, delays, doubles and reorders requests and responses: a message with an id is
// stored once, the model is asked once for its reply, and everybody who asks receives that reply.
//
// FAULTS_SEED repeats a run.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { below, between, chance, pick } from "../faults/random.mjs";
import { assertError, openStream, request } from "./client.mjs";
import { LONG, times, useBanter } from "./harness.mjs";
import { BadNetwork } from "./network.mjs";
import { KEY, modelIsIdle, SSE, textAfter, wholeHistory } from "./replies.mjs";
import { expectTool } from "./tool.mjs";

const MESSAGES = LONG ? 10_000 : 1000;
const VISITORS = 40;
/** Concurrent messages of one visitor, so that they overtake each other. */
const AT_ONCE = 3;
const WAYS = [
	{ path: "/v1/chat" },
	{ path: "/v1/chat/stream" },
	{ path: "/chat" },
	{ path: "/v1/chat/stream", headers: SSE },
];

/** What the network does to a connection; mostly a fault. */
function someFate() {
	const fate = {};
	if (chance(0.2)) fate.requestDelay = between(1, 60);
	if (chance(0.2)) fate.answerDelay = between(1, 60);
	if (chance(0.15)) fate.requestCut = below(400);
	else if (chance(0.3)) fate.answerCut = below(1200);
	if (chance(0.2)) fate.copies = 2 + below(2);
	if (chance(0.1)) fate.replayed = between(0, 500);
	return fate;
}

/** All random choices of one message, so that timing does not change them. */
function plan(visitor, i) {
	const session = `visitor-${visitor}`;
	const words = `message ${i} of ${session}, ${below(2 ** 32).toString(36)}`;
	return {
		session,
		id: `id.${i}`,
		words,
		message: `[[echo delay=${pick([0, 0, 2, 10])}]] ${words}`,
		way: pick(WAYS),
		twins: chance(0.15) ? 2 + below(3) : 1,
		conflicts: chance(0.05),
	};
}

/** The response to a message; undefined if the network broke it. */
async function attempt(base, { session, id, message, way }) {
	const headers = { ...KEY, ...way.headers, "idempotency-key": id };
	const body = { sessionId: session, message };
	try {
		if (way.path === "/v1/chat") return await request(base, "POST", way.path, { headers, body });
		const stream = await openStream(base, way.path, headers, body);
		if (stream.status !== 200) return stream;
		const events = await stream.rest();
		const { type, message: text, messageId } = events.at(-1);
		assert.equal(type, "done", JSON.stringify(events.at(-1)));
		assert.equal(textAfter(events).trimEnd(), text);
		assert.equal(events[0].messageId, messageId);
		return { status: 200, json: { message: text, messageId } };
	} catch (error) {
		if (error instanceof assert.AssertionError) throw error;
		return undefined;
	}
}

/** Sends until a response arrives; resolves to the reply's id. */
async function sendUntilAnswered(network, one, sum) {
	for (;;) {
		const answer = await attempt(network.url, one);
		sum.sends++;
		if (answer === undefined) continue;
		assert.equal(answer.status, 200, JSON.stringify(answer.json));
		assert.equal(answer.json.message, one.words);
		return answer.json.messageId;
	}
}

describe("a bad network", () => {
	const banter = useBanter({ workers: 3 });

	/** Sends one message, sometimes several times at once, sometimes also with another text. */
	async function send(network, one, sum) {
		const replies = new Set(await times(one.twins, () => sendUntilAnswered(network, one, sum)));
		assert.equal(replies.size, 1, "one reply");
		[one.reply] = replies;
		if (!one.conflicts) return;
		const other = { ...one, message: `${one.message}!` };
		assertError(await attempt(banter.url, other), 409, undefined, "id_conflict");
	}

	async function visit(network, plans, sum) {
		const waiting = [...plans];
		await times(AT_ONCE, async () => {
			for (let one = waiting.shift(); one; one = waiting.shift()) await send(network, one, sum);
		});
	}

	/** Asserts that each message is stored once, followed by its reply. */
	async function assertOnce(session, plans) {
		const rows = await wholeHistory(banter, session, { limit: 200 });
		assert.equal(rows.length, 2 * plans.length, `${session}: messages and replies`);
		const byText = new Map(plans.map((one) => [one.message, one]));
		for (let i = 0; i < rows.length; i += 2) {
			const [message, reply] = [rows[i], rows[i + 1]];
			const one = byText.get(message.content);
			assert.ok(one, `${session}: stored once: ${message.content}`);
			byText.delete(message.content);
			assert.deepEqual([message.role, message.status], ["user", "complete"]);
			const { id, role, content, status } = reply;
			const expected = [one.reply, "assistant", one.words, "complete"];
			assert.deepEqual([id, role, content, status], expected);
		}
	}

	it(`${MESSAGES} messages: each is stored once and causes one model call`, async (t) => {
		const fates = Array.from({ length: 4 * MESSAGES }, someFate);
		const visits = Array.from({ length: VISITORS }, (_, visitor) =>
			Array.from({ length: MESSAGES / VISITORS }, (_, i) => plan(visitor, i)),
		);
		const sum = { sends: 0 };
		let next = 0;
		const network = await BadNetwork.open(banter.port, () => fates[next++ % fates.length]);
		t.after(() => network.close());
		await Promise.all(visits.map((plans) => visit(network, plans, sum)));
		await network.settled();
		for (const plans of visits) await assertOnce(plans[0].session, plans);
		assert.equal((await banter.conversations(1)).total, VISITORS);
		await modelIsIdle(banter);
		const { calls, client_disconnects } = await banter.model("stats");
		assert.deepEqual([calls, client_disconnects], [MESSAGES, 0]);
		await expectTool(banter, 0, "verify");
		const { cutRequests, cutAnswers, copies, replays } = network.done;
		t.diagnostic(JSON.stringify({ ...sum, ...network.done }));
		assert.ok(cutRequests > 0 && cutAnswers > 0 && copies > 0 && replays > 0);
	});
});
