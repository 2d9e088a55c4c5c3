// Peers of storaged that break the protocol, in every way that the table of messages knows: each is
// dropped with one line in the log that says why, and all others are served meanwhile.
//
// A peer is known in the log by the pid that its hello says, so each one says a number of its own.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
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

/** Sends bytes and leaves. */
async function sendAndLeave(bytes) {
	const socket = await connectSoon(store.socket);
	socket.end(bytes);
	await closing(socket);
}

/** Runs cases some at a time while a bystander is served. */
async function amongOthers(cases, run) {
	const bystander = await Bystander.start(store);
	const rest = [...cases];
	const hands = Array.from({ length: AT_A_TIME }, async () => {
		while (rest.length > 0) await run(rest.pop());
	});
	await Promise.all(hands);
	await bystander.stop();
}

/**
 * After a hello, each case must drop the peer. @param {[Buffer, string, string][]} cases bytes, the
 * reason in the log, what is invalid
 */
async function assertAllDropped(role, cases) {
	const position = store.log.lines.length;
	const suspects = cases.map(([bytes, why, what]) => ({ bytes, why, what, pid: ++lastPid }));
	await amongOthers(suspects, ({ bytes, what, pid }) =>
		sendAndBeDropped(Buffer.concat([hello(role, { pid }), bytes]), what),
	);
	const lines = await store.linesSince(position);
	const byPid = new Map(lines.map((line) => [Number(line.pid), line]));
	for (const { why, what, pid } of suspects) {
		const line = byPid.get(pid);
		assert.deepEqual([line?.ev, line?.why], ["peer_dropped", why], `${role}: ${what}`);
	}
	assert.equal(lines.length, suspects.length, "one line for each");
}

/** Before a hello the peer, and its log line, has no role. */
async function assertDroppedUnknown(bytes, why, what) {
	const position = store.log.lines.length;
	await sendAndBeDropped(bytes, what);
	const lines = await store.linesSince(position);
	assert.deepEqual(
		lines.map(({ ev, pid, why }) => [ev, pid, why]),
		[["peer_dropped", "0", why]],
		what,
	);
}

describe("a hello", () => {
	const cases = [
		[hello("WORKER", { version: WIRE_VERSION + 1 }), "forbidden", "of the next version"],
		[hello("WORKER", { version: WIRE_VERSION - 1 }), "forbidden", "of the version before"],
		[hello("WORKER", { version: 0xffffffff }), "forbidden", "of the last version"],
		[hello("MASTER"), "forbidden", "of masterd"],
		[hello("STORE"), "forbidden", "of another storaged"],
		[hello("WORKER", { role: 0 }), "forbidden", "of nobody"],
		[hello("WORKER", { role: ROLES.WORKER | ROLES.STORE }), "forbidden", "of two"],
		[hello("WORKER", { role: ROLES.MASTER | ROLES.STORE }), "forbidden", "of two others"],
		[hello("WORKER", { role: ROLES.WORKER | ROLES.TOOL }), "out_of_range", "of worker and tool"],
		[hello("WORKER", { role: 255 }), "out_of_range", "of everyone and more"],
	];
	for (const [bytes, why, what] of cases)
		it(`${what}: dropped`, () => assertDroppedUnknown(bytes, why, what));

	it("corrupted in any way: dropped", async () => {
		for (const [payload, why, what] of spoiled(TABLE.hello))
			await assertDroppedUnknown(frame(TABLE.hello.number, 0, payload), why, what);
	});

	it("that is not first: the other message drops the peer", async () => {
		for (const description of [...allowedTo("WORKER"), ...allowedTo("TOOL")])
			await assertDroppedUnknown(
				Buffer.concat([sampleFrame(description), hello("WORKER")]),
				"forbidden",
				description.name,
			);
	});

	it("that is invalid: dropped", async () => {
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
			for (const description of allowedTo(role)) {
				const peer = await store.connect(role);
				if (UNANSWERED.includes(description.name)) {
					peer.tell(description.name, sample(description));
					await peer.ask("ping", {}, "pong");
				} else {
					await peer.request(description.name, sample(description));
				}
				await peer.close();
			}
		});

		it("that sends a message of another role, or an unknown one, is dropped", () =>
			assertAllDropped(role, [
				...Object.values(TABLE)
					.filter((description) => !isAllowed(description, role))
					.map((description) => [sampleFrame(description), "forbidden", description.name]),
				...[0, 7, 0x00ff, 0x0100, 0x0200, 0x7e00, 0x7fff, 0x8001, 0xffff].map((type) => [
					frame(type, 1, NO_PAYLOAD),
					"unknown_type",
					`type ${type}`,
				]),
			]));

		it("that sends hello twice is dropped", () =>
			assertAllDropped(role, [[hello(role), "forbidden", "a second hello"]]));

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

		for (const description of allowedTo(role))
			it(`that corrupts ${description.name} in any way is dropped`, () =>
				assertAllDropped(
					role,
					spoiled(description).map(([payload, why, what]) => [
						frame(description.number, 1, payload),
						why,
						what,
					]),
				));

		it("that disconnects within a frame, after any byte, is closed silently", async () => {
			const position = store.log.lines.length;
			const cuts = allowedTo(role).flatMap((description) => {
				const bytes = sampleFrame(description);
				return Array.from({ length: bytes.length }, (_, n) => bytes.subarray(0, n));
			});
			await amongOthers(cuts, (bytes) =>
				sendAndLeave(Buffer.concat([hello(role, { pid: ++lastPid }), bytes])),
			);
			const lines = await store.linesSince(position);
			assert.deepEqual([...new Set(lines.map((line) => line.ev))], ["peer_gone"]);
			assert.equal(lines.length, cuts.length, "one line for each");
			assert.equal(new Set(lines.map((line) => line.pid)).size, cuts.length);
		});
	});
