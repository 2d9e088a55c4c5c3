// The daily cap of a widget whose visitors send by many workers. tests/unit/storaged/turns/test_daily_caps.c has
// its rules and the end of the day.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { it } from "node:test";
import { times } from "../e2e/daemon.mjs";
import { avoidMidnight } from "../e2e/visitors.mjs";
import { dashed, newId, ORG, WIDGET } from "./ids.mjs";
import { PeerGone } from "./peer.mjs";
import { getRecord, putRecord } from "./records.mjs";
import { withStore } from "./store.mjs";
import { STORE_ERRORS } from "./table.mjs";

const WORKERS = 8;
const CAP = 500;

/** Sets the widget's cap; resolves to its public id. */
async function setCap(peer) {
	const widget = await getRecord(peer, "widget", { org: ORG, id: WIDGET });
	await putRecord(peer, "widget", { ...widget, daily_cap: CAP });
	return widget.public_id;
}

/** Opens a visitor; resolves to the members that its messages have in common. */
async function openVisitor(peer, public_id) {
	const fresh_token = createHash("sha256").update(randomBytes(16)).digest("hex");
	const request = { public_id, fresh_token, fresh_id: newId() };
	const { visitor } = await peer.ask("visitor_open", request, "visitor_opened");
	const session = `~${dashed(visitor.id)}`;
	return { org: ORG, widget: WIDGET, session, visitor: visitor.token, history: 1 };
}

/** Whether a message was accepted; any response other than CAPPED is an error. */
function isBegun({ is, code, detail }) {
	if (is === "turn_begun") return true;
	assert.deepEqual([is, code], ["error", STORE_ERRORS.CAPPED], detail);
	return false;
}

/** The number of stored messages of visitors. */
async function countMessages(peer) {
	const list = { org: ORG, widget: WIDGET, limit: 200 };
	const { conversations } = await peer.ask("conversation_list", list, "conversation_page");
	const threads = await Promise.all(
		conversations.map(({ id }) =>
			peer.ask("message_list", { org: ORG, conversation: id }, "message_page"),
		),
	);
	return threads.flatMap(({ messages }) => messages).filter(({ role }) => role === 0).length;
}

it("a widget's cap is exact when storaged is killed and unanswered requests are repeated", () =>
	withStore({}, async (store) => {
		await avoidMidnight();
		let peers = await times(WORKERS, () => store.connect("WORKER"));
		const publicId = await setCap(peers[0]);
		const visitors = await times(40, () => openVisitor(peers[0], publicId));
		let left = Array.from({ length: 4 * CAP }, (_, i) => ({
			...visitors[i % visitors.length],
			conversation: newId(),
			message: newId(),
			turn: newId(),
			text: `message ${i}`,
		}));
		let begun = 0;
		let kills = 0;
		while (left.length > 0) {
			const unanswered = [];
			let answered = 0;
			const batch = left.map(async (message, i) => {
				try {
					if (isBegun(await peers[i % WORKERS].request("turn_begin", message))) begun++;
					if (++answered === 100 && kills < 3) {
						kills++;
						await store.kill();
					}
				} catch (error) {
					if (!(error instanceof PeerGone)) throw error;
					unanswered.push(message);
				}
			});
			await Promise.all(batch);
			left = unanswered;
			if (store.daemon.running) continue;
			await store.start();
			peers = await times(WORKERS, () => store.connect("WORKER"));
		}
		assert.ok(kills > 0, "it was killed in the middle");
		assert.equal(begun, CAP);
		assert.equal(await countMessages(peers[0]), CAP);
		for (const peer of peers) await peer.close();
	}));
