// The disk becomes full under the whole service, then free again. Meanwhile writes fail with a
// clear error and reads work; afterwards the service recovers, with all acknowledged messages and
// all finished replies.

import assert from "node:assert/strict";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { textOf } from "../e2e/client.mjs";
import { times, until, withBanter } from "../e2e/harness.mjs";
import { begin } from "../e2e/replies.mjs";
import { makeWidget, Visitor } from "../e2e/visitors.mjs";
import { fill, KINDS, withFileSystem } from "./mount.mjs";
import { assertWhole } from "./store.mjs";
import { assertFull, Talkers } from "./talkers.mjs";

const STATES = ["store_not_writable", "store_writable"];

/** The store's state changes in the log, in order. */
function states(banter) {
	return banter.log.lines.map((line) => line.ev).filter((ev) => STATES.includes(ev));
}

/**
 * The log has each change of the store's state once. Changes are few: pages that a commit freed may hold a little
 * also on a full disk, which a probe finds; but each such finding makes the next one rarer, down to one in half a
 * minute (storaged/engine/env_probe.c).
 * @param {number} since performance.now() before the disk was full
 */
function assertFewChanges(banter, since) {
	const all = states(banter);
	const most = 10 + (performance.now() - since) / 15_000;
	assert.ok(all.length > 0 && all.length <= most, `${all.length} changes, at most ${most}`);
	for (const [i, ev] of all.entries()) assert.equal(ev, STATES[i % 2]);
}

async function fillAndEmpty(banter, filler) {
	const known = (await banter.chat("known", "[[tokens=3]]")).json.conversationId;
	// Replies of 160 KB each, held half-way.
	const replies = await times(4, (i) =>
		begin(banter, `running-${i}`, `[[tokens=40 huge=4000 hold-after=20]] held ${i}`),
	);
	const talkers = new Talkers(banter, 6);
	const since = performance.now();
	fill(filler);
	await until("visitors are refused", () => talkers.refused >= 20);
	await assertFull(banter, known);
	await banter.release("held");
	for (const reply of replies) {
		const events = await reply.stream.rest();
		assert.equal(events.at(-1).code, "store_full");
		reply.text = textOf(events).trim();
	}
	assertFewChanges(banter, since);

	unlinkSync(filler);
	await talkers.served(20);
	await talkers.stop();
	for (const { conversationId, text } of replies)
		await until("the reply is stored", async () => {
			const [, reply] = await banter.messages(conversationId);
			return reply?.[1] === text && reply[2] === "complete";
		});
	await talkers.check(banter);
	await until("the log says so", () => states(banter).at(-1) === "store_writable");
	assert.equal((await banter.get("/health/ready")).status, 200);
	assertFewChanges(banter, since);
}

describe("the disk is full", () => {
	for (const kind of KINDS)
		it(`${kind}: writes are refused, reads work, and writing recovers by itself`, async (t) => {
			const trouble = await withFileSystem(kind, 12, async (dir) => {
				const data = join(dir, "data");
				await withBanter({ env: { DATA_DIR: data } }, async (banter) => {
					const { pid } = banter.storaged;
					await fillAndEmpty(banter, join(dir, "filler"));
					assert.equal(banter.storaged.pid, pid, "it was not restarted");
				});
				await assertWhole(data);
			});
			if (trouble) t.skip(trouble);
		});
});

const BROKEN = "[[tokens=10 cut-after=5]]";
const LARGE = "[[tokens=40 huge=4000 delay=50 hold-after=20]] large";

const codes = (frames) => frames.filter(({ type }) => type === "error").map(({ code }) => code);

/** A reply is interrupted without room for the next one; resolves to a tab that connects then. */
async function withoutRoom(banter, filler) {
	const one = await Visitor.open(banter, await makeWidget(banter), { stream: true });
	one.say(BROKEN);
	assert.equal(codes(await one.upTo("typing_stop")).length, 1);
	one.say(LARGE);
	await one.upTo("token");
	fill(filler);
	await banter.release("large");
	assert.deepEqual(codes(await one.upTo("typing_stop")), ["store_full"]);

	const two = await one.again({ stream: true });
	assert.deepEqual(codes(await two.upTo("typing_stop")), ["store_full"]);
	// It receives nothing more about the reply when the store refuses it again: the next frame is the response to
	// what is sent now, which is not stored, because there may be a little room again.
	const { log } = banter;
	await log.waitFor("once more", ({ ev }) => ev === "turn_not_saved", log.lines.length);
	two.send("nothing");
	assert.deepEqual(codes([await two.next()]), ["invalid_message"]);
	assert.deepEqual(two.frames, []);
	return two;
}

it("a reply that waits for room is reported once to each tab and stored when there is room", async (t) => {
	const trouble = await withFileSystem("tmpfs", 12, async (dir) => {
		const filler = join(dir, "filler");
		await withBanter({ env: { DATA_DIR: join(dir, "data") } }, async (banter) => {
			const two = await withoutRoom(banter, filler);
			unlinkSync(filler);
			await until("it is stored", async () => {
				const tab = await two.again({ stream: true });
				await tab.close();
				const { role, status } = tab.history.at(-1);
				return role === "assistant" && status === undefined;
			});
		});
	});
	if (trouble) t.skip(trouble);
});
