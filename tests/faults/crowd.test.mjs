// Crowds of peers of storaged: others are served meanwhile, and a closed peer leaves nothing behind. One peer that
// is silent or takes no answers: tests/unit/storaged/server/test_peers.c.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEADLINE_MS, times, until } from "../e2e/daemon.mjs";
import { filesOf } from "../e2e/proc.mjs";
import { Bystander } from "./bystander.mjs";
import { newId, ORG, WIDGET } from "./ids.mjs";
import { closing, connectSoon, connectTo, hello, Peer } from "./peer.mjs";
import { withStore } from "./store.mjs";
import { assertMemory } from "./usage.mjs";

// storaged/server/peers.h
const PEERS_MAX = 1024;
const WATCH_MS = 500; // LOOK_MS of storaged/server/peers.c

/** The memory that storaged needs anyway: its batch, the bystander, the allocator's remainder. */
const OWN_MEMORY = 24 * 1024 * 1024;

/** A store with a bystander that is served before, during and after; the memory is released. */
function withBystander(body) {
	return withStore({}, async (store) => {
		const files = await settledFiles(store);
		const bystander = await Bystander.start(store);
		await body(store, bystander);
		await bystander.stop();
		await until("all descriptors are closed", () => filesOf(store.pid) === files);
		assertMemory(store.pid, OWN_MEMORY, "after all have gone");
	});
}

function leave(socket) {
	socket.destroy();
	return closing(socket);
}

/** The number of storaged's files, once it no longer changes. */
async function settledFiles({ pid }) {
	let [last, same] = [0, 0];
	await until("the number of files no longer changes", () => {
		const now = filesOf(pid);
		same = now === last ? same + 1 : 0;
		last = now;
		return same === 20;
	});
	return last;
}

/** Asserts that the log has this many lines; some may be lost. */
async function assertLines(store, ev, n) {
	const lines = await store.linesSince(0);
	const seen = lines.filter((line) => line.ev === ev).length;
	const lost = lines.reduce((sum, line) => sum + Number(line.lines ?? 0), 0);
	assert.ok(seen <= n && seen + lost >= n, `${seen} lines ${ev}, ${lost} lines lost, not ${n}`);
}

describe("a crowd", () => {
	it("that connects and leaves 10,000 times leaves nothing behind", () =>
		withBystander(async (store) => {
			let came = 0;
			await times(100, async () => {
				while (came < 10_000) {
					const socket = await connectTo(store.socket).catch(() => null);
					if (socket) came++;
					// Otherwise storaged's listen backlog was full for a moment.
					await (socket ? leave(socket) : new Promise((done) => setTimeout(done, 1)));
				}
			});
			await assertLines(store, "peer_gone", came);
		}));

	it("of 3,000: admitted up to the limit, with one log line, and again after they leave", () =>
		withBystander(async (store, bystander) => {
			const peers = [];
			let greeted = 0;
			for (let i = 0; i < 3000; i++) {
				const socket = await connectTo(store.socket).catch(() => null);
				if (!socket) continue; // the queue before storaged is full as well
				const peer = new Peer(socket);
				peers.push(peer);
				peer.greeted.then(() => greeted++).catch(() => {});
				socket.write(hello("WORKER"));
			}
			await until("all places are taken", () => store.events("too_many_peers").length > 0);
			await until("there is no more to accept", () => filesOf(store.pid) > PEERS_MAX);
			// The bystander holds the other place.
			await until("all who came in are greeted", () => greeted >= PEERS_MAX - 1);
			// Checked now: when they leave, waiting peers may take the places again.
			assert.equal(greeted, PEERS_MAX - 1);
			assert.equal(store.events("too_many_peers").length, 1);
			await bystander.served();
			await Promise.all(peers.map((peer) => peer.close()));
			await until("there is room", async () => {
				const peer = await store.connect("WORKER").catch(() => null);
				return peer?.close().then(() => true);
			});
		}));
});

it("more silent peers than there are places do not keep a worker out", () =>
	withStore({}, async (store) => {
		const silent = await times(PEERS_MAX + 76, () => connectSoon(store.socket));
		await until("all places are taken", () => store.events("too_many_peers").length > 0);
		const socket = await connectSoon(store.socket);
		const worker = new Peer(socket);
		socket.write(hello("WORKER"));
		await worker.ask("ping", {}, "pong");
		await Promise.all([...silent.map(leave), worker.close()]);
	}));

// Only a timer of some seconds would wake storaged up otherwise: notifications must not wait for it.
it("the writer of a reply that others follow disconnects: its followers are notified at once", () =>
	withBystander(async (store) => {
		const follower = await store.connect("WORKER");
		const ids = { org: ORG, widget: WIDGET, session: "visitor" };
		const late = setTimeout(() => store.kill(), DEADLINE_MS);
		for (let i = 0; i < 2 * (DEADLINE_MS / WATCH_MS); i++) {
			const writer = await store.connect("WORKER");
			const turn = newId();
			const begin = { ...ids, conversation: newId(), message: newId(), turn, text: "hello" };
			await writer.ask("turn_begin", begin, "turn_begun");
			await follower.ask("turn_join", { ...ids, turn, from: 0 }, "turn_state");
			assert.deepEqual(await writer.hear(), { is: "live_wanted", turn, from: 0 });
			await writer.close();
			assert.deepEqual(await follower.hear(), { is: "live_end", turn });
		}
		clearTimeout(late);
		await follower.close();
	}));
