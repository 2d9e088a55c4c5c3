// Peers of storaged that break the protocol in every way that the table of messages knows: each is dropped with one
// log line that gives the reason, and all others are served meanwhile. In the log a peer has the pid of its hello,
// so each one has its own.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { times } from "../e2e/daemon.mjs";
import { Bystander } from "./bystander.mjs";
import { closing, connectSoon, hello } from "./peer.mjs";
import { allowedTo, isAllowed, sample, sampleFrame, spoiled } from "./sample.mjs";
import { assertWhole, Store } from "./store.mjs";
import { ROLES, TABLE, WIRE_VERSION } from "./table.mjs";
import { frame, PAYLOAD_MAX } from "./wire.mjs";

const AT_A_TIME = 50;
const PING = TABLE.ping.number;
const NO_PAYLOAD = Buffer.alloc(0);
const UNANSWERED = ["live_publish", "live_unsaved"];

const store = new Store();
let lastPid = 1_000_000;

before(() => store.start());
after(async () => {
	try {
		await store.stop();
		await assertWhole(store.dir);
	} finally {
		await store.remove();
	}
});

/** Sends bytes and waits until storaged has closed the connection. */
async function sendAndBeDropped(bytes, what) {
	const socket = await connectSoon(store.socket);
	socket.write(bytes);
	await closing(socket).catch(() => assert.fail(`not dropped: ${what}`));
}

/** Runs cases some at a time while a bystander is served. */
async function amongOthers(cases, run) {
	const bystander = await Bystander.start(store);
	const rest = [...cases];
	await times(AT_A_TIME, async () => {
		while (rest.length > 0) await run(rest.pop());
	});
	await bystander.stop();
}

/**
 * After a hello, each case must drop the peer.
 * @param {[Buffer, string, string][]} cases bytes, the reason in the log, what is invalid
 */
async function assertAllDropped(role, cases) {
	const position = store.log.lines.length;
	const peers = cases.map(([bytes, why, what]) => ({ bytes, why, what, pid: ++lastPid }));
	await amongOthers(peers, ({ bytes, what, pid }) =>
		sendAndBeDropped(Buffer.concat([hello(role, { pid }), bytes]), what),
	);
	const lines = await store.linesSince(position);
	const byPid = new Map(lines.map((line) => [Number(line.pid), line]));
	for (const { why, what, pid } of peers) {
		const line = byPid.get(pid);
		assert.deepEqual([line?.ev, line?.why], ["peer_dropped", why], `${role}: ${what}`);
	}
	assert.equal(lines.length, peers.length, "one line for each");
}

/** Before a hello the peer, and its log line, has no role. */
async function assertDroppedUnknown(bytes, reason, what) {
	const position = store.log.lines.length;
	await sendAndBeDropped(bytes, what);
	const lines = await store.linesSince(position);
	const found = lines.map(({ ev, pid, why }) => [ev, pid, why]);
	assert.deepEqual(found, [["peer_dropped", "0", reason]], what);
}

describe("a hello", () => {
	for (const [role, changes, why, what] of [
		["WORKER", { version: WIRE_VERSION + 1 }, "forbidden", "of the next version"],
		["WORKER", { version: WIRE_VERSION - 1 }, "forbidden", "of the version before"],
		["WORKER", { version: 0xffffffff }, "forbidden", "of the last version"],
		["MASTER", {}, "forbidden", "of masterd"],
		["STORE", {}, "forbidden", "of another storaged"],
		["WORKER", { role: 0 }, "forbidden", "without a role"],
		["WORKER", { role: ROLES.WORKER | ROLES.STORE }, "forbidden", "of two roles"],
		["WORKER", { role: ROLES.MASTER | ROLES.STORE }, "forbidden", "of two other roles"],
		["WORKER", { role: ROLES.WORKER | ROLES.TOOL }, "out_of_range", "of worker and tool"],
		["WORKER", { role: 255 }, "out_of_range", "of all roles and more"],
	])
		it(`${what}: dropped`, () => assertDroppedUnknown(hello(role, changes), why, what));

	it("corrupted in any way: dropped", async () => {
		for (const [payload, why, what] of spoiled(TABLE.hello))
			await assertDroppedUnknown(frame(TABLE.hello.number, 0, payload), why, what);
	});

	it("that is not first: the other message drops the peer", async () => {
		for (const message of [...allowedTo("WORKER"), ...allowedTo("TOOL")]) {
			const bytes = Buffer.concat([sampleFrame(message), hello("WORKER")]);
			await assertDroppedUnknown(bytes, "forbidden", message.name);
		}
	});

	it("that is no frame: dropped", async () => {
		for (const [text, why] of [
			["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "oversize"],
			["\0".repeat(64), "unknown_type"],
			["\xff".repeat(64), "oversize"],
		])
			await assertDroppedUnknown(Buffer.from(text, "latin1"), why, JSON.stringify(text));
	});
});

for (const role of ["WORKER", "TOOL"])
	describe(`a ${role.toLowerCase()}`, () => {
		it("that sends permitted messages gets responses, whatever they contain", async () => {
			for (const message of allowedTo(role)) {
				const peer = await store.connect(role);
				if (UNANSWERED.includes(message.name)) {
					peer.tell(message.name, sample(message));
					await peer.ask("ping", {}, "pong");
				} else {
					await peer.request(message.name, sample(message));
				}
				await peer.close();
			}
		});

		it("that sends a second hello, a message of another role, or an unknown one, is dropped", () =>
			assertAllDropped(role, [
				[hello(role), "forbidden", "a second hello"],
				...Object.values(TABLE)
					.filter((message) => !isAllowed(message, role))
					.map((message) => [sampleFrame(message), "forbidden", message.name]),
				...[0, 7, 0x00ff, 0x0100, 0x0200, 0x7e00, 0x7fff, 0x8001, 0xffff].map((type) => [
					frame(type, 1, NO_PAYLOAD),
					"unknown_type",
					`type ${type}`,
				]),
			]));

		it("with invalid frames is dropped", () =>
			assertAllDropped(role, [
				...Array.from({ length: 16 }, (_, bit) => [
					frame(PING, 1, NO_PAYLOAD, { flags: 1 << bit }),
					"reserved_flags",
					`flag ${bit}`,
				]),
				...[PAYLOAD_MAX + 1, 0x7fffffff, 0x80000000, 0xffffffff].map((length) => [
					frame(PING, 1, NO_PAYLOAD, { length }),
					"oversize",
					`length ${length}`,
				]),
				[frame(PING, 1, Buffer.alloc(PAYLOAD_MAX)), "trailing_bytes", "the longest frame"],
			]));

		for (const message of allowedTo(role))
			it(`that corrupts ${message.name} in any way is dropped`, () => {
				const invalid = ([payload, ...how]) => [frame(message.number, 1, payload), ...how];
				return assertAllDropped(role, spoiled(message).map(invalid));
			});

		it("that disconnects within a frame, after any byte, is closed silently", async () => {
			const position = store.log.lines.length;
			const cuts = allowedTo(role).flatMap((message) => {
				const bytes = sampleFrame(message);
				return Array.from({ length: bytes.length }, (_, n) => bytes.subarray(0, n));
			});
			await amongOthers(cuts, async (bytes) => {
				const socket = await connectSoon(store.socket);
				socket.end(Buffer.concat([hello(role, { pid: ++lastPid }), bytes]));
				await closing(socket);
			});
			const lines = await store.linesSince(position);
			assert.deepEqual([...new Set(lines.map((line) => line.ev))], ["peer_gone"]);
			assert.equal(lines.length, cuts.length, "one line for each");
			assert.equal(new Set(lines.map((line) => line.pid)).size, cuts.length);
		});
	});
