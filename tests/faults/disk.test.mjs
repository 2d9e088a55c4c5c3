// The disk fills up under the whole service, and is emptied again. Meanwhile nobody writes, everybody
// reads, and each visitor is told; afterwards all goes on by itself, and what was acknowledged, or
// only finished by the model, is there.

import assert from "node:assert/strict";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { textOf } from "../e2e/client.mjs";
import { until, withBanter } from "../e2e/harness.mjs";
import { fill, KINDS, withFileSystem } from "./mount.mjs";
import { assertWhole } from "./store.mjs";
import { assertFull, Talkers } from "./talkers.mjs";

function events(banter, ev) {
	return banter.log.lines.filter((line) => line.ev === ev);
}

/** Replies that run all the while, each of 160 KB: their streams, and their conversations. */
async function startReplies(banter, n) {
	const replies = [];
	for (let i = 0; i < n; i++) {
		const stream = await banter.stream(`running-${i}`, `[[tokens=40 huge=4000 delay=50]] ${i}`);
		const { conversationId } = await stream.next();
		replies.push({ stream, conversationId });
	}
	return replies;
}

async function fillAndEmpty(banter, filler) {
	const known = (await banter.chat("known", "[[tokens=3]]")).json.conversationId;
	const replies = await startReplies(banter, 4);
	const talkers = new Talkers(banter, 6);
	fill(filler);
	await until("visitors are refused", () => talkers.refused >= 20);
	await assertFull(banter, known);
	for (const reply of replies) {
		const events = await reply.stream.rest();
		const { type, code } = events.at(-1);
		assert.deepEqual([type, code], ["error", "store_full"]);
		reply.text = textOf(events);
	}
	assert.equal(events(banter, "store_not_writable").length, 1);
	assert.equal(events(banter, "store_writable").length, 0);

	unlinkSync(filler);
	await talkers.served(20);
	await talkers.stop();
	for (const { conversationId, text } of replies)
		await until("the reply is kept", async () => {
			const [, reply] = await banter.messages(conversationId);
			return reply?.[1] === text.trim() && reply[2] === "complete";
		});
	await talkers.check(banter);
	await until("the log says so", () => events(banter, "store_writable").length > 0);
	assert.equal(events(banter, "store_not_writable").length, 1);
	assert.equal(events(banter, "store_writable").length, 1);
}

describe("the disk is full", () => {
	for (const kind of KINDS)
		it(`${kind}: refused, read on, writable again by itself`, async (t) => {
			const trouble = await withFileSystem(kind, 12, async (dir) => {
				const data = join(dir, "data");
				await withBanter({ env: { DATA_DIR: data } }, async (banter) => {
					const { pid } = banter.storaged;
					await fillAndEmpty(banter, join(dir, "filler"));
					assert.equal(banter.storaged.pid, pid, "without a new start");
				});
				await assertWhole(data);
			});
			if (trouble) t.skip(trouble);
		});
});
