// A reply that a worker follows at another one, over real sockets. tests/unit/storaged/live has all cases.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEADLINE_MS, times } from "../e2e/daemon.mjs";
import { newId, ORG, WIDGET } from "./ids.mjs";
import { withStore } from "./store.mjs";

const WATCH_MS = 2500; // LOOK_MS of storaged/server/peers.c

/** Begins a turn; resolves to its ids. */
async function begin(peer) {
	const turn = newId();
	const ids = { org: ORG, widget: WIDGET, conversation: newId(), message: newId(), turn };
	await peer.ask("turn_begin", { ...ids, session: "visitor", text: "hello" }, "turn_begun");
	return turn;
}

function join(peer, turn) {
	const message = { org: ORG, widget: WIDGET, session: "visitor", turn, from: 0 };
	return peer.ask("turn_join", message, "turn_state");
}

/** A turn of the first peer that the others follow. */
async function followed(owner, ...followers) {
	const turn = await begin(owner);
	for (const follower of followers) {
		const { open, own, run } = await join(follower, turn);
		assert.deepEqual([open, own, run], [1, 0, turn]);
		assert.deepEqual(await owner.hear(), { is: "live_wanted", turn, from: 0 });
	}
	return turn;
}

describe("a reply of another worker", () => {
	it("reaches fifty followers, then its end", () =>
		withStore({}, async (store) => {
			const owner = await store.connect("WORKER");
			const followers = await times(50, () => store.connect("WORKER"));
			const turn = await followed(owner, ...followers);
			for (let offset = 0; offset < 100; offset++)
				owner.tell("live_publish", { turn, offset, text: "x" });
			await owner.ask("turn_finish", { turn, run: turn, text: "x".repeat(100) }, "ok");
			for (const follower of followers) {
				for (let offset = 0; offset < 100; offset++)
					assert.deepEqual(await follower.hear(), { is: "live_text", turn, offset, text: "x" });
				assert.deepEqual(await follower.hear(), { is: "live_end", turn });
				const { open, text } = await join(follower, turn);
				assert.deepEqual([open, text], [0, "x".repeat(100)]);
			}
			await Promise.all([owner, ...followers].map((peer) => peer.close()));
		}));

	// Only a timer of some seconds would wake storaged up otherwise: notifications must not wait for it.
	it("ends at once when its writer disconnects", () =>
		withStore({}, async (store) => {
			const follower = await store.connect("WORKER");
			const late = setTimeout(() => store.kill(), DEADLINE_MS);
			for (let i = 0; i < 2 * (DEADLINE_MS / WATCH_MS); i++) {
				const owner = await store.connect("WORKER");
				const turn = await followed(owner, follower);
				await owner.close();
				assert.deepEqual(await follower.hear(), { is: "live_end", turn });
			}
			clearTimeout(late);
			await follower.close();
		}));

	// More than storaged queues for a peer. A follower must not be disconnected for that, with its own replies:
	// it receives the end of each and requests what it missed.
	it("may be more text than its follower can receive", () =>
		withStore({}, async (store) => {
			const [owner, follower] = await times(2, () => store.connect("WORKER"));
			const text = "x".repeat(500_000);
			const turns = [];
			for (let i = 0; i < 24; i++) turns.push(await followed(owner, follower));
			follower.socket.pause();
			for (const turn of turns) owner.tell("live_publish", { turn, offset: 0, text });
			for (const turn of turns) await owner.ask("turn_finish", { turn, run: turn, text }, "ok");
			follower.socket.resume();
			for (let ends = 0; ends < turns.length; ) {
				const { is } = await follower.hear();
				if (is === "live_end") ends++;
				else assert.equal(is, "live_text");
			}
			for (const turn of turns) assert.equal((await join(follower, turn)).text, text);
			assert.deepEqual(store.events("peer_dropped"), []);
			await Promise.all([owner, follower].map((peer) => peer.close()));
		}));
});
