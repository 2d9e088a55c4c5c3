// SIGHUP: all settings are read again and checked before use, and no running reply is cut.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { numbered, times, until, withBanter } from "./harness.mjs";
import { useDirectory } from "./tool.mjs";

const STREAMS = 500;
const pids = (banter) => banter.workerPids().sort();
const gone = (banter, old) =>
	until("the old workers are gone", () => !pids(banter).some((pid) => old.includes(pid)));

describe("a reload", () => {
	const path = useDirectory();
	const put = (name, text) => writeFileSync(path(name), text);
	const asks = (banter, key) => banter.chat("s", "[[tokens=1]]", { headers: { "x-api-key": key } });
	// The environment overrides a credential.
	const env = {
		CREDENTIALS_DIRECTORY: path(),
		WIDGET_API_KEY: undefined,
		ADMIN_API_KEY: undefined,
	};
	const oldKey = "the-widget-key-before-the-reload";
	const newKey = "the-widget-key-after-the-reload";

	it("applies new credentials by new workers, or is refused with the reason and changes nothing", async () => {
		put("WIDGET_API_KEY", oldKey);
		put("ADMIN_API_KEY", "an-admin-key-of-enough-letters");
		await withBanter({ env }, async (banter) => {
			const accepts = async (key, other) => {
				for (let i = 0; i < 4; i++) {
					assert.equal((await asks(banter, key)).status, 200);
					assert.equal((await asks(banter, other)).status, 401);
				}
			};
			const workers = pids(banter);
			await accepts(oldKey, newKey);
			put("WIDGET_API_KEY", newKey);
			put("ADMIN_API_KEY", "too short");
			const position = banter.log.lines.length;
			assert.equal((await banter.reload()).ev, "reload_refused");
			const said = banter.log.lines.slice(position).filter(({ ev }) => ev === "settings_problem");
			assert.equal(said.length, 1);
			assert.match(said[0].text, /ADMIN_API_KEY=\(9 characters, not shown\)/);
			assert.deepEqual(pids(banter), workers);
			await accepts(oldKey, newKey);
			put("ADMIN_API_KEY", "an-admin-key-of-enough-letters");
			for (const [key, other] of [
				[newKey, oldKey],
				[oldKey, newKey],
			]) {
				put("WIDGET_API_KEY", key);
				const old = pids(banter);
				assert.equal((await banter.reload()).ev, "reload_done");
				await gone(banter, old);
				assert.equal(pids(banter).length, 2);
				await accepts(key, other);
			}
		});
	});

	it(`cuts none of ${STREAMS} streams, nor does a crash of another worker`, async () => {
		// Shorter than the streams: it applies only to a shutdown.
		await withBanter({ env: { DRAIN_TIMEOUT_MS: "100" }, workers: 2 }, async (banter) => {
			const message = "[[tokens=60 delay=100 hold-after=59]] held";
			const streams = await times(STREAMS, (i) => banter.stream(`held-${i}`, message));
			await Promise.all(streams.map((stream) => stream.next()));
			const old = pids(banter);
			assert.equal((await banter.reload()).ev, "reload_done");
			const young = pids(banter).filter((pid) => !old.includes(pid));
			assert.equal(young.length, 2);
			await banter.killWorkers([young[0]]);
			const kept = pids(banter).filter((pid) => old.includes(pid));
			assert.deepEqual(kept, old, "the streams still run at the old workers");
			await banter.release("held");
			for (const events of await Promise.all(streams.map((stream) => stream.rest()))) {
				assert.equal(textOf(events).trim(), numbered(60));
				assert.equal(events.at(-1).type, "done");
			}
			await gone(banter, old);
			await banter.ready();
			const { conversations, total } = await banter.conversations();
			assert.equal(total, STREAMS);
			const sample = await banter.messages(conversations[0]._id);
			assert.deepEqual(sample[1], ["assistant", numbered(60), "complete"]);
		});
	});

	it("lets an old worker finish, but a shutdown does not wait for it", () =>
		withBanter({ env: { DRAIN_TIMEOUT_MS: "300" }, workers: 1 }, async (banter) => {
			const stream = await banter.stream("hangs", "[[tokens=3 hang-after=3]]");
			await stream.tokens(3);
			const [old] = pids(banter);
			assert.equal((await banter.reload()).ev, "reload_done");
			assert.ok(pids(banter).includes(old));
			// The harness kills masterd if it does not exit, which would be another status.
			assert.deepEqual(await banter.masterd.stop(), { code: 0, signal: null });
			await stream.rest().catch(() => {}); // an error event, or a reset on a slow disk
		}));
});
