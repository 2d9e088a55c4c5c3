// Clients that stop reading, beside clients that read the same replies: readers get everything; the others are
// dropped when too much output is queued; their replies are stored completely and can be resumed.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { LONG_REPLIES, TIME_FACTOR, times, until, useBanter, WIDGET_KEY } from "./harness.mjs";
import { inodesByRemotePort, memoryOf, socketHolders } from "./proc.mjs";
import { begin, resume, resumePath, storedMessages, textAfter, workersOf } from "./replies.mjs";

const REPLIES = TIME_FACTOR === 1 ? 3 : 1;
const EACH = 20; // readers of one reply, and as many that stop
const N = REPLIES * EACH;
// Together as long as a reply may be, nearly; as events they are some 2 MB: more than what the kernel takes for a
// connection and what may be queued for it here. Where another worker writes the reply, a busy machine makes
// fewer and longer events of them, which may be less.
const TOKENS = 45_000;
const TOKEN = "abcdefghij"; // as the stub has it
const DELAY_MS = TIME_FACTOR === 1 ? 0.2 : 0.4;
const TEXT = TOKEN.repeat(TOKENS);
/** Most of the text follows when all listen: earlier text would arrive in one event. */
const message = (i) =>
	`[[tokens=${TOKENS} huge=${TOKEN.length} delay=${DELAY_MS} hold-after=1]] reply ${i}`;

/** Requests a reply's stream that ends with the connection. */
function ask(banter, { messageId, session }, options = {}) {
	const socket = connect({ port: banter.port, host: "127.0.0.1", ...options });
	const path = resumePath(messageId, session);
	socket.write(`GET ${path} HTTP/1.0\r\nx-api-key: ${WIDGET_KEY}\r\n\r\n`);
	return socket;
}

/**
 * Reads a reply's stream to its end, with little work per piece: a slow reader on a busy machine would be
 * dropped.
 */
function readOn(banter, reply) {
	const pieces = [];
	const socket = ask(banter, reply).on("data", (piece) => pieces.push(piece));
	const response = once(socket, "end").then(() => Buffer.concat(pieces).toString());
	return { begun: once(socket, "data"), response };
}

/** Requests a reply's stream and reads only its start. */
function stopReading(banter, reply) {
	const socket = ask(banter, reply, { highWaterMark: 1 });
	socket.on("error", () => {}); // a reset: it was dropped
	const begun = once(socket, "data").then(() => socket.pause());
	return { begun, socket, reply };
}

const droppedBy = ({ log }) => log.lines.filter(({ why }) => why === "slow_reader").length;

describe("clients that stop reading", () => {
	const banter = useBanter({ env: LONG_REPLIES });
	const dropped = () => droppedBy(banter);

	/** A running reply without listeners, and its worker. */
	async function beginAlone(i) {
		const reply = await begin(banter, `visitor-${i}`, message(i));
		const [writer] = await workersOf(banter, [reply.stream]);
		reply.stream.leave();
		return { ...reply, writer };
	}

	/** Whether all workers have closed these connections. */
	function areGone(stopped) {
		const holders = socketHolders(banter.workerPids());
		const inodes = inodesByRemotePort(banter.port);
		return !stopped.some(({ socket }) => holders.has(inodes.get(socket.localPort)));
	}

	/** All except the stopped ones read to the end. */
	async function readAll(replies, stopped) {
		const readers = replies.flatMap((reply) =>
			Array.from({ length: EACH }, () => readOn(banter, reply)),
		);
		await Promise.all([...readers, ...stopped].map(({ begun }) => begun));
		const workers = await workersOf(banter, stopped);
		const atTheWriter = stopped.filter(({ reply }, i) => workers[i] === reply.writer);
		assert.ok(atTheWriter.length > 0);
		await banter.release("reply");
		for (const response of await Promise.all(readers.map((reader) => reader.response))) {
			const [head, body] = response.split("\r\n\r\n");
			assert.match(head, /^HTTP\/1\.1 200 /);
			const events = body.trimEnd().split("\n").map(JSON.parse);
			assert.equal(textAfter(events), TEXT);
			assert.equal(events.at(-1).type, "done");
		}
		const areDropped = () => areGone(atTheWriter) && dropped() >= atTheWriter.length;
		await until("those who stopped are dropped", areDropped);
	}

	it(`${N} of them: ${N} others receive everything, and they can resume later`, async (t) => {
		const replies = await times(REPLIES, beginAlone);
		const stopped = replies.flatMap((reply) =>
			Array.from({ length: EACH }, () => stopReading(banter, reply)),
		);
		t.after(() => {
			for (const { socket } of stopped) socket.destroy();
		});
		await readAll(replies, stopped);
		assert.ok(dropped() <= N, "nobody else is dropped");
		const had = TEXT.slice(0, 100_000);
		for (const { session, message: sent, messageId, conversationId } of replies) {
			assert.deepEqual(await banter.messages(conversationId), [
				["user", sent, "complete"],
				["assistant", TEXT, "complete"],
			]);
			const resumed = await resume(banter, messageId, session, { after: had.length });
			assert.equal(textAfter(await resumed.rest(), had), TEXT);
		}
		assert.equal((await banter.model("stats")).calls, REPLIES);
	});
});

describe("clients that read nothing of their own reply", () => {
	const banter = useBanter({ workers: 1, env: LONG_REPLIES });
	const CLIENTS = 2;
	/** A text of 60 kB, in over 2 MB of events. */
	const LENGTH = 60_000;
	/** The queued output, in a buffer that grows by doubling; the text, and what is sent of it to the store. */
	const MEMORY_MAX = 1024 * 1024;

	const message = `[[tokens=${LENGTH} huge=1 delay=0]]`;

	/** Sends a request, and reads only the begin of the answer. */
	function ask(line, body = "") {
		const socket = connect({ port: banter.port, host: "127.0.0.1", highWaterMark: 1 });
		socket.on("error", () => {}); // a reset: it was dropped
		const length = `Content-Length: ${body.length}`;
		socket.write(
			`${line} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n${length}\r\n\r\n${body}`,
		);
		return socket;
	}

	/** Who reads nothing: the one who sent the message, or one who follows the session's frames. */
	const READERS = {
		reply: (sessionId) => ask("POST /chat", JSON.stringify({ sessionId, message })),
		frames(sessionId, isOver) {
			const socket = ask(`GET /v1/chat/feed?sessionId=${sessionId}&stream=1`);
			socket.once("data", async () => {
				socket.pause();
				// A busy machine sends several tokens in a frame: one reply may fit into the socket's buffers.
				while (!isOver()) await banter.chat(sessionId, message);
			});
			return socket;
		},
	};

	for (const [what, open] of Object.entries(READERS))
		it(`are dropped, with bounded memory; the replies are stored: ${what}`, async (t) => {
			await banter.get("/health");
			const [worker] = banter.workerPids();
			const before = memoryOf(worker);
			const droppedBefore = droppedBy(banter);
			const sessions = Array.from({ length: CLIENTS }, (_, i) => `deaf-${what}-${i}`);
			let isClosed = false;
			const isOver = () => isClosed || droppedBy(banter) === droppedBefore + CLIENTS;
			const sockets = sessions.map((session) => open(session, isOver));
			t.after(() => {
				isClosed = true;
				for (const socket of sockets) socket.destroy();
			});
			let most = 0;
			await until("all are dropped", () => {
				most = Math.max(most, memoryOf(worker) - before);
				return isOver();
			});
			t.diagnostic(`${Math.round(most / CLIENTS / 1024)} KiB at most for each`);
			// Sanitizers multiply the memory.
			if (TIME_FACTOR === 1) assert.ok(most < CLIENTS * MEMORY_MAX, `${most} bytes`);
			for (const session of sessions)
				await until("the reply is stored", async () => {
					const reply = (await storedMessages(banter, session))[1];
					return reply?.[1].length === LENGTH && reply[2] === "complete";
				});
		});
});
