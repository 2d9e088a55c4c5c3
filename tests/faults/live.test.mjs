// Replies of one worker that others follow, over real sockets: if one of them or storaged exits,
// the others are notified.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEADLINE_MS } from "../e2e/daemon.mjs";
import { newId, ORG, WIDGET } from "./ids.mjs";
import { closing } from "./peer.mjs";
import { withStore } from "./store.mjs";
import { STATUS, STORE_ERRORS } from "./table.mjs";

const SESSION = "visitor";
const LOOK_MS = 2500; // of storaged/server/peers.c

/** Begins a turn with a client id; resolves to its ids. */
async function begin(peer, name = newId(), run = newId()) {
	const answer = await peer.ask(
		"turn_begin",
		{
			org: ORG,
			widget: WIDGET,
			session: SESSION,
			conversation: newId(),
			message: newId(),
			turn: run,
			text: "hello",
			client_id: name,
			history: 1,
		},
		"turn_begun",
	);
	return { name, run, id: answer.turn, conversation: answer.conversation };
}

function join(peer, turn, from = 0) {
	const message = { org: ORG, widget: WIDGET, session: SESSION, turn: turn.id, from };
	return peer.ask("turn_join", message, "turn_state");
}

/** A turn of the first peer that the second follows. */
async function followed(owner, follower) {
	const turn = await begin(owner);
	const state = await join(follower, turn);
	assert.deepEqual([state.open, state.own, state.run], [1, 0, turn.run]);
	assert.deepEqual(await owner.hear(), { is: "live_wanted", turn: turn.id, from: 0 });
	return turn;
}

function publish(peer, turn, offset, text) {
	peer.tell("live_publish", { turn: turn.id, offset, text });
}

async function expectText(peer, turn, offset, text) {
	assert.deepEqual(await peer.hear(), { is: "live_text", turn: turn.id, offset, text });
}

async function expectTold(peer, is, turn) {
	assert.deepEqual(await peer.hear(), { is, turn: turn.id });
}

function claim(peer, turn) {
	return peer.ask("turn_checkpoint", { turn: turn.id, run: turn.run, offset: 0, text: "" }, "ok");
}

function finish(peer, turn, text, status = STATUS.COMPLETE) {
	return peer.ask("turn_finish", { turn: turn.id, run: turn.run, status, text }, "ok");
}

async function withWorkers(body) {
	await withStore({}, async (store) => {
		const owner = await store.connect("WORKER");
		const follower = await store.connect("WORKER");
		await body({ owner, follower, store });
		await owner.close();
		await follower.close();
	});
}

describe("a reply of another worker", () => {
	it("reaches fifty followers, then its end", () =>
		withWorkers(async ({ owner, store }) => {
			const turn = await begin(owner);
			const followers = await Promise.all(
				Array.from({ length: 50 }, () => store.connect("WORKER")),
			);
			for (const follower of followers) {
				await join(follower, turn);
				await owner.hear();
			}
			for (let i = 0; i < 100; i++) publish(owner, turn, i, "x");
			await finish(owner, turn, "x".repeat(100));
			for (const follower of followers) {
				for (let i = 0; i < 100; i++) await expectText(follower, turn, i, "x");
				await expectTold(follower, "live_end", turn);
				const { open, text } = await join(follower, turn);
				assert.deepEqual([open, text], [0, "x".repeat(100)]);
			}
			await Promise.all(followers.map((follower) => follower.close()));
		}));

	it("is stopped by a follower", () =>
		withWorkers(async ({ owner, follower }) => {
			const turn = await followed(owner, follower);
			await follower.ask("turn_stop", { turn: turn.id }, "ok");
			await expectTold(owner, "live_stop", turn);
			await finish(owner, turn, "so f", STATUS.STOPPED);
			await expectTold(follower, "live_end", turn);
			const { open, status, text } = await join(follower, turn);
			assert.deepEqual([open, status, text], [0, STATUS.STOPPED, "so f"]);
		}));

	it("is no longer published when its last follower disconnects", () =>
		withWorkers(async ({ owner, follower, store }) => {
			const turn = await followed(owner, follower);
			const other = await store.connect("WORKER");
			await join(other, turn, 3);
			assert.deepEqual(await owner.hear(), { is: "live_wanted", turn: turn.id, from: 3 });
			await other.close();
			publish(owner, turn, 0, "for one");
			await expectText(follower, turn, 0, "for one");
			await follower.close();
			await expectTold(owner, "live_unwanted", turn);
		}));

	it("ends for its followers when its writer disconnects, and can be restarted", () =>
		withWorkers(async ({ owner, follower }) => {
			const turn = await followed(owner, follower);
			publish(owner, turn, 0, "so far");
			await expectText(follower, turn, 0, "so far");
			await owner.close();
			await expectTold(follower, "live_end", turn);
			const { open, status } = await join(follower, turn);
			assert.deepEqual([open, status], [0, STATUS.INTERRUPTED]);
			const anew = await begin(follower, turn.name);
			assert.equal(anew.id, turn.id);
			assert.notEqual(anew.run, turn.run);
		}));

	// Nothing else wakes storaged up except its timer of some seconds, which must not be what all
	// of them wait for.
	it("and all its notifications are immediate", () =>
		withWorkers(async ({ follower, store }) => {
			const late = setTimeout(() => store.kill(), DEADLINE_MS);
			for (let i = 0; i < 2 * (DEADLINE_MS / LOOK_MS); i++) {
				const owner = await store.connect("WORKER");
				const turn = await followed(owner, follower);
				await owner.close();
				await expectTold(follower, "live_end", turn);
			}
			clearTimeout(late);
		}));

	it("is followed further by all when its writer reconnects", () =>
		withWorkers(async ({ owner, follower, store }) => {
			const turn = await followed(owner, follower);
			publish(owner, turn, 0, "so far");
			await expectText(follower, turn, 0, "so far");
			const again = await store.connect("WORKER");
			await claim(again, turn);
			assert.deepEqual(await again.hear(), { is: "live_wanted", turn: turn.id, from: 6 });
			await owner.close();
			publish(again, turn, 6, " and on");
			await expectText(follower, turn, 6, " and on");
			await finish(again, turn, "so far and on");
			await expectTold(follower, "live_end", turn);
			await again.close();
		}));

	// More than storaged queues for a peer. A follower must not be disconnected for that, with its
	// own replies: it receives the end of each and requests what it missed.
	it("may be more text than its follower can receive", () =>
		withWorkers(async ({ owner, follower, store }) => {
			const text = "x".repeat(500_000);
			const turns = [];
			for (let i = 0; i < 24; i++) turns.push(await followed(owner, follower));
			follower.socket.pause();
			for (const turn of turns) publish(owner, turn, 0, text);
			for (const turn of turns) await finish(owner, turn, text);
			follower.socket.resume();
			for (let ends = 0; ends < turns.length; ) {
				const { is } = await follower.hear();
				if (is === "live_end") ends++;
				else assert.equal(is, "live_text");
			}
			for (const turn of turns) assert.equal((await join(follower, turn)).text, text);
			assert.deepEqual(store.events("peer_dropped"), []);
		}));

	it("that another peer publishes drops that peer and is not forwarded", () =>
		withWorkers(async ({ owner, follower, store }) => {
			const turn = await followed(owner, follower);
			const forger = await store.connect("WORKER");
			publish(forger, turn, 0, "forged");
			await closing(forger.socket);
			const line = await store.log.waitFor("its end", ({ ev }) => ev === "peer_dropped");
			assert.equal(line.why, "publishes a turn of another client");
			publish(owner, turn, 0, "real");
			await expectText(follower, turn, 0, "real");
		}));

	it("is not available to other sessions", () =>
		withWorkers(async ({ owner, follower }) => {
			const turn = await begin(owner);
			const message = { org: ORG, widget: WIDGET, session: "another", turn: turn.id, from: 0 };
			const answer = await follower.request("turn_join", message);
			assert.deepEqual([answer.is, answer.code], ["error", STORE_ERRORS.NOT_FOUND]);
		}));

	it("is followed again after storaged was killed, before its writer claims it", async () => {
		await withStore({}, async (store) => {
			const turn = await followed(await store.connect("WORKER"), await store.connect("WORKER"));
			await store.kill();
			await store.start();
			const follower = await store.connect("WORKER");
			const state = await join(follower, turn, 2);
			assert.deepEqual([state.open, state.own, state.run], [1, 0, turn.run]);
			await follower.ask("turn_stop", { turn: turn.id }, "ok");
			const owner = await store.connect("WORKER");
			await claim(owner, turn);
			assert.deepEqual(await owner.hear(), { is: "live_wanted", turn: turn.id, from: 2 });
			await expectTold(owner, "live_stop", turn);
			publish(owner, turn, 2, "llo");
			await expectText(follower, turn, 2, "llo");
			await finish(owner, turn, "hello", STATUS.STOPPED);
			await expectTold(follower, "live_end", turn);
			await owner.close();
			await follower.close();
		});
	});
});
