// Peers of storaged that break the protocol: each is dropped with one log line that gives the reason, and all others
// are served meanwhile. tests/unit/proto/ipc has every invalid hello and every corruption of every message. In the
// log a peer has the pid of its hello, so each one has its own.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { times } from "../e2e/daemon.mjs";
import { Bystander } from "./bystander.mjs";
import { newId } from "./ids.mjs";
import { closing, connectSoon, hello } from "./peer.mjs";
import { assertWhole, Store } from "./store.mjs";
import { TABLE } from "./table.mjs";
import { encodePayload, frame, PAYLOAD_MAX } from "./wire.mjs";

const AT_A_TIME = 50;
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

const SAMPLES = {
	ID: newId,
	HASH: () => newId() + newId(),
	TEXT: () => "tëxt",
	BYTES: () => Buffer.alloc(1),
};

/** A message that any receiver must accept, generated from the table. */
function sample({ fields }) {
	const sampleOf = ({ type, item }) => {
		if (type === "REC") return sample(item);
		if (type === "LIST") return [sample(item), sample(item)];
		return SAMPLES[type]?.() ?? 1;
	};
	return Object.fromEntries(fields.map((field) => [field.name, sampleOf(field)]));
}

function sampleFrame(message) {
	return frame(message.number, 1, encodePayload(message, sample(message)));
}

/** Whether this role may send it to storaged after its hello. */
const isAllowed = ({ when, from, to }, role) =>
	when === "READY" && from.has(role) && to.has("STORE");
const messagesOf = (role) => Object.values(TABLE).filter((message) => isAllowed(message, role));

/**
 * Each case must drop its peer, after a hello of this role, with one log line. A bystander is served meanwhile.
 * @param {[string, string, Buffer][]} cases what is invalid, the reason in the log, the bytes
 */
async function assertAllDropped(role, cases) {
	const position = store.log.lines.length;
	const bystander = await Bystander.start(store);
	const peers = cases.map((peer) => [...peer, ++lastPid]);
	const rest = [...peers];
	await times(AT_A_TIME, async () => {
		for (let peer = rest.pop(); peer; peer = rest.pop()) {
			const [what, , bytes, pid] = peer;
			const socket = await connectSoon(store.socket);
			socket.write(Buffer.concat([hello(role, { pid }), bytes]));
			await closing(socket).catch(() => assert.fail(`not dropped: ${what}`));
		}
	});
	await bystander.stop();
	const lines = await store.linesSince(position);
	const dropped = lines.map(({ ev, pid, why }) => `${ev} ${pid} ${why}`);
	const expected = peers.map(([, why, , pid]) => `peer_dropped ${pid} ${why}`);
	assert.deepEqual(dropped.sort(), expected.sort());
}

for (const role of ["WORKER", "TOOL"])
	describe(`a ${role.toLowerCase()}`, () => {
		it("that sends permitted messages gets responses, whatever they contain", async () => {
			for (const message of messagesOf(role)) {
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

		it("that breaks the protocol is dropped", () => {
			const ping = (...how) => frame(TABLE.ping.number, 1, ...how);
			const none = Buffer.alloc(0);
			return assertAllDropped(role, [
				["a second hello", "forbidden", hello(role)],
				...Object.values(TABLE)
					.filter((message) => !isAllowed(message, role))
					.map((message) => [message.name, "forbidden", sampleFrame(message)]),
				...[0, 0x7fff, 0xffff].map((type) => [`${type}`, "unknown_type", frame(type, 1, none)]),
				["a flag", "reserved_flags", ping(none, { flags: 1 })],
				["a frame of 4 GiB", "oversize", ping(none, { length: 0xffffffff })],
				["a frame over the maximum", "oversize", ping(none, { length: PAYLOAD_MAX + 1 })],
				["the longest frame", "trailing_bytes", ping(Buffer.alloc(PAYLOAD_MAX))],
				...messagesOf(role).flatMap((message) => {
					const payload = encodePayload(message, sample(message));
					const cut = payload.subarray(0, -1);
					const extended = Buffer.concat([payload, Buffer.alloc(1)]);
					return [
						...(payload.length > 0 ? [[message.name, "short", frame(message.number, 1, cut)]] : []),
						[message.name, "trailing_bytes", frame(message.number, 1, extended)],
					];
				}),
			]);
		});
	});
