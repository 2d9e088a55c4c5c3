// A reply without room in the store, in a visitor's tabs: each receives one error, without endless
// retries.

import assert from "node:assert/strict";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until, withBanter } from "../e2e/harness.mjs";
import { makeWidget, Visitor } from "../e2e/visitors.mjs";
import { fill, withFileSystem } from "./mount.mjs";

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

describe("a reply that waits for room", () => {
	it("is reported once to each tab and stored when there is room", async (t) => {
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
});
