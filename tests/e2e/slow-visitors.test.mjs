// Visitors who stop reading, beside others who read the very same replies: the others get all of it;
// those who don't are dropped once too much waits for them, which costs a bounded memory; their
// replies are stored whole, and they have the rest when they come back.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { TIME_FACTOR, until, useBanter, WIDGET_KEY } from "./harness.mjs";
import { inodesByRemotePort, memoryOf, socketHolders } from "./proc.mjs";
import { resume, resumePath, textAfter } from "./replies.mjs";

const REPLIES = TIME_FACTOR === 1 ? 3 : 1;
const EACH = 20; // who read one reply, and as many who stop
const KIB = 1024;
// Together as long as a reply may be, nearly; as events they are some 2 MB: more than what the kernel
// takes for a connection and what may wait for it here. Where another worker writes the reply, a busy
// machine makes fewer and longer events of them, which may be less.
const TOKENS = 45_000;
const TOKEN = "abcdefghij"; // as the stub has it
const DELAY_MS = TIME_FACTOR === 1 ? 0.2 : 0.4;
/** What two may cost, one of whom has stopped: what waits for that one, and for the other while this
 * process is busy (output_max in workerd/http/http_server.c), in buffers that grow by doubling, and their
 * connections. */
const BOUND = (2 + 2) * 256 * KIB + 2 * 16 * KIB;

const TEXT = TOKEN.repeat(TOKENS);
/** Most of it comes when everybody listens: what there was before would come to them in one event. */
const message = (i) =>
	`[[tokens=${TOKENS} huge=${TOKEN.length} delay=${DELAY_MS} hold-after=1]] reply ${i}`;

/** Asks for a reply's stream, which the end of the connection ends. */
function ask(banter, { messageId, session }, options = {}) {
	const socket = connect({ port: banter.port, host: "127.0.0.1", ...options });
	socket.write(
		`GET ${resumePath(messageId, session)} HTTP/1.0\r\nx-api-key: ${WIDGET_KEY}\r\n\r\n`,
	);
	return socket;
}

/** Reads a reply's stream to its end, which resolves `answer`, and does as little for each piece as can
 * be: who is too slow on a busy machine is one of those who are dropped. */
function readOn(banter, reply) {
	const pieces = [];
	const socket = ask(banter, reply).on("data", (piece) => pieces.push(piece));
	const answer = once(socket, "end").then(() => Buffer.concat(pieces));
	return { begun: once(socket, "data"), answer };
}

function eventsOf(answer) {
	const [head, body] = answer.toString().split("\r\n\r\n");
	assert.match(head, /^HTTP\/1\.1 200 /);
	return body.trimEnd().split("\n").map(JSON.parse);
}

/** Asks for a reply's stream and reads its beginning, and no more. */
function stopReading(banter, reply) {
	const socket = ask(banter, reply, { highWaterMark: 1 });
	socket.on("error", () => {}); // a reset: it was dropped
	const begun = once(socket, "data").then(() => socket.pause());
	return { begun, socket, reply };
}

/** A reply that is being written, to which nobody listens yet. */
async function begin(banter, i) {
	const session = `visitor-${i}`;
	const stream = await banter.stream(session, message(i));
	const { messageId, conversationId } = await stream.next();
	const [writer] = await banter.workersOf([stream.socket]);
	stream.leave();
	return { i, session, messageId, conversationId, writer };
}

describe("visitors who stop reading", () => {
	const banter = useBanter();
	const memory = () => banter.workerPids().reduce((sum, pid) => sum + memoryOf(pid), 0);
	const dropped = () => banter.log.lines.filter(({ why }) => why === "slow_reader").length;

	/** Those whose worker writes the reply that they have asked for. */
	async function atTheWriter(stopped) {
		const workers = await banter.workersOf(stopped.map(({ socket }) => socket));
		return stopped.filter(({ reply }, i) => workers[i] === reply.writer);
	}

	/** Whether none of these connections is any worker's still. */
	function areGone(stopped) {
		const holders = socketHolders(banter.workerPids());
		const inodes = inodesByRemotePort(banter.port);
		return !stopped.some(({ socket }) => holders.has(inodes.get(socket.localPort)));
	}

	/** Everyone reads to the end, but for those who stop; resolves to what the workers took most meanwhile. */
	async function readAll(replies, stopped) {
		const before = memory();
		let most = 0;
		const watch = setInterval(() => {
			most = Math.max(most, memory() - before);
		}, 50);
		const reads = replies.flatMap((reply) =>
			Array.from({ length: EACH }, () => readOn(banter, reply)),
		);
		await Promise.all([...reads, ...stopped].map(({ begun }) => begun));
		const near = await atTheWriter(stopped);
		assert.ok(near.length > 0);
		await banter.release("reply");
		const answers = await Promise.all(reads.map(({ answer }) => answer)).finally(() =>
			clearInterval(watch),
		);
		for (const answer of answers) {
			const events = eventsOf(answer);
			assert.equal(textAfter(events), TEXT);
			assert.equal(events.at(-1).type, "done");
		}
		await until("those who stopped are dropped", () => areGone(near) && dropped() >= near.length);
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
		assert.equal(textAfter(await stream.rest(), had), TEXT);
	}

	const N = REPLIES * EACH;
	it(`${N} of them: ${N} others hear all, and they have the rest later`, async (t) => {
		const replies = await Promise.all(Array.from({ length: REPLIES }, (_, i) => begin(banter, i)));
		const stopped = replies.flatMap((reply) =>
			Array.from({ length: EACH }, () => stopReading(banter, reply)),
		);
		t.after(() => {
			for (const { socket } of stopped) socket.destroy();
		});
		const most = await readAll(replies, stopped);
		assert.ok(dropped() <= N, "nobody else is dropped");
		for (const reply of replies) await assertWhole(reply);
		assert.equal((await banter.model("stats")).calls, REPLIES);
		const each = most / N;
		t.diagnostic(`${(each / KIB).toFixed(0)} KiB at most for two, of ${BOUND / KIB} allowed`);
		// Sanitizers pay for each piece of memory many times.
		if (TIME_FACTOR === 1) assert.ok(each < BOUND, `${each} bytes for two`);
	});
});
