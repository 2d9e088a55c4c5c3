// ALONE: it measures memory.
//
// Visitors who stop reading, beside others who read the very same replies: the others get all of it;
// those who don't are dropped once too much waits for them, which costs a bounded memory; their
// replies are stored whole, and they have the rest when they come back.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { request } from "./client.mjs";
import { PATIENCE, until, useBanter, WIDGET_KEY } from "./harness.mjs";
import { memoryOf } from "./proc.mjs";
import { heard, KEY, resume, resumePath } from "./replies.mjs";

const REPLIES = PATIENCE === 1 ? 3 : 1;
const EACH = 20; // who read one reply, and as many who stop
const KIB = 1024;
// Together as long as a reply may be, nearly; as events they are some 2 MB: more than what the kernel
// takes for a connection and what may wait for it here.
const TOKENS = 45_000;
const TOKEN = "abcdefghij"; // as the stub has it
const DELAY_MS = PATIENCE === 1 ? 0.2 : 0.4;
/** What two may cost, one of whom has stopped: what waits for that one (output_max in
 * workerd/http/server.c) in a buffer that grows by doubling, what waits for the other while this
 * process is busy, and their connections. */
const BOUND = (2 + 1) * 256 * KIB + 2 * 16 * KIB;

const TEXT = TOKEN.repeat(TOKENS);
const message = (i) => `[[tokens=${TOKENS} huge=${TOKEN.length} delay=${DELAY_MS}]] reply ${i}`;
const eventsOf = ({ text }) => text.trimEnd().split("\n").map(JSON.parse);

/** Asks for a reply's stream and reads its beginning, and no more. */
function stopReading(banter, { messageId, session }) {
	const socket = connect({ port: banter.port, host: "127.0.0.1", highWaterMark: 1 });
	socket.on("error", () => {}); // a reset: it was dropped
	socket.once("data", () => socket.pause());
	socket.write(
		`GET ${resumePath(messageId, session)} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n\r\n`,
	);
	return socket;
}

/** A reply that is being written, to which nobody listens yet. */
async function begin(banter, i) {
	const session = `visitor-${i}`;
	const stream = await banter.stream(session, message(i));
	const { messageId, conversationId } = await stream.next();
	stream.leave();
	return { i, session, messageId, conversationId };
}

describe("visitors who stop reading", () => {
	const banter = useBanter();
	const memory = () => banter.workerPids().reduce((sum, pid) => sum + memoryOf(pid), 0);
	const dropped = () => banter.log.lines.filter(({ why }) => why === "slow_reader").length;

	/** Everyone reads to the end; resolves to what the workers took most meanwhile. */
	async function readAll(replies) {
		const before = memory();
		let most = 0;
		const watch = setInterval(() => {
			most = Math.max(most, memory() - before);
		}, 50);
		const reads = replies.flatMap(({ messageId, session }) =>
			Array.from({ length: EACH }, () =>
				request(banter.url, "GET", resumePath(messageId, session), { headers: KEY }),
			),
		);
		for (const answer of await Promise.all(reads)) {
			const events = eventsOf(answer);
			assert.equal(heard(events), TEXT);
			assert.equal(events.at(-1).type, "done");
		}
		clearInterval(watch);
		return most;
	}

	/** What a visitor finds who comes back when the reply has ended. */
	async function assertWhole({ i, session, messageId, conversationId }) {
		assert.deepEqual(await banter.messages(conversationId), [
			["user", message(i), "complete"],
			["assistant", TEXT, "complete"],
		]);
		const had = TEXT.slice(0, 100_000);
		const stream = await resume(banter, messageId, session, { after: had.length });
		assert.equal(heard(await stream.rest(), had), TEXT);
	}

	const N = REPLIES * EACH;
	it(`${N} of them: ${N} others hear all, and they have the rest later`, async (t) => {
		const replies = await Promise.all(Array.from({ length: REPLIES }, (_, i) => begin(banter, i)));
		const stopped = replies.flatMap((reply) =>
			Array.from({ length: EACH }, () => stopReading(banter, reply)),
		);
		t.after(() => {
			for (const socket of stopped) socket.destroy();
		});
		const most = await readAll(replies);
		await until("every one who stopped is dropped", () => dropped() === N);
		for (const reply of replies) await assertWhole(reply);
		assert.equal((await banter.model("stats")).calls, REPLIES);
		const each = most / N;
		t.diagnostic(`${(each / KIB).toFixed(0)} KiB at most for two, of ${BOUND / KIB} allowed`);
		// Sanitizers pay for each piece of memory many times.
		if (PATIENCE === 1) assert.ok(each < BOUND, `${each} bytes for two`);
	});
});
