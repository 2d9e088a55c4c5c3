// I/O errors under storaged: a write, a sync, a partial commit, its last page. Refused requests are
// not stored, or once when repeated; acknowledged ones are stored. If LMDB cannot continue,
// storaged exits with 74 and is restarted, as by a service manager.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../e2e/daemon.mjs";
import { withBanter } from "../e2e/harness.mjs";
import { stateOf } from "../e2e/proc.mjs";
import { runTool } from "../e2e/tool.mjs";
import { Fleet } from "./fleet.mjs";
import { assertWhole, withStore } from "./store.mjs";
import { Fault, NO_STRACE, TRACED } from "./strace.mjs";
import { assertLater } from "./talkers.mjs";

const FLEET = { workers: 2, visitors: 32, refused: true };

/** Runs a load on the store and compares everything in the end. */
async function underLoad(body) {
	await withStore({ env: TRACED }, async (store) => {
		const fleet = new Fleet(FLEET);
		store.daemon.restart = true;
		await fleet.runDuring(store, async () => {
			await fleet.acknowledgedMore(100);
			await body(store, fleet);
			await until("the store is writable", () => isWritable(store));
			await fleet.acknowledgedMore(100);
		});
		await fleet.check(store, { whole: true });
		assert.ok(fleet.deliverer.rows.length >= 100, "the feed was delivered, too");
		await fleet.leave();
		await assertWhole(store.dir);
	});
}

/**
 * Never the last page of a commit: a commit that is running when strace attaches may still write
 * it.
 */
const EVERY_WRITE = [
	"writev:error=EDQUOT",
	"fdatasync:error=EDQUOT",
	"pwrite64:error=EDQUOT:when=2+",
];

async function isWritable(store) {
	const peer = await store.connect("WORKER").catch(() => null);
	if (!peer) return false;
	const pong = await peer.request("ping");
	await peer.close();
	return pong.refusal === 0;
}

/** Stops the process between a commit's sync and the write of its meta page. */
async function stopBeforeLastPage({ pid }) {
	const stop = await Fault.attach(pid, ["fdatasync:signal=SIGSTOP:when=3"]);
	await until("it is stopped", () => stop.seen("--- stopped by SIGSTOP ---"));
	await stop.abandon();
	await until("it stays stopped", () => stateOf(pid) === "T");
}

function count(store, ev) {
	return store.events(ev).length;
}

describe("the disk fails", { skip: NO_STRACE }, () => {
	const cases = [
		// name, fault, error
		["each third sync", ["fdatasync:error=EIO:when=2+3"], "readOnly"],
		["every sync", ["fdatasync:error=EIO"], "readOnly"],
		["every sync, for want of room", ["fdatasync:error=ENOSPC"], "full"],
		["writes of several pages", ["writev:error=EIO:when=2+3"], "readOnly"],
		["writes of several pages, for want of room", ["writev:error=ENOSPC:when=2+2"], "full"],
		["writes that end too early", ["writev:retval=4096:when=2+3"], "readOnly"],
		["every write, for want of quota", EVERY_WRITE, "full"],
	];
	for (const [what, rules, refusal] of cases)
		it(`${what}: refused, and writing recovers by itself`, async () => {
			await underLoad(async (store, fleet) => {
				const { pid } = store;
				const fault = await Fault.attach(pid, rules);
				const refused = fleet.refusals[refusal];
				await until("refusals", () => fleet.refusals[refusal] >= refused + 50);
				await fleet.pause(() => fleet.check(store));
				await until("more refusals", () => fleet.refusals[refusal] >= refused + 150);
				assert.ok((await fault.detach()) > 0);
				await until("it is writable", () => isWritable(store));
				assert.equal(store.pid, pid, "without a new start");
				await until("the log says so, too", () => {
					const troubles = count(store, "store_not_writable");
					return troubles > 0 && troubles === count(store, "store_writable");
				});
			});
		});

	for (const error of ["EIO", "EROFS"])
		it(`every sync, by ${error}: visitors, the check and the status hear that the store takes no writes`, () =>
			withBanter({ workers: 1, env: TRACED }, async (banter) => {
				assert.equal((await banter.chat("s", "before")).status, 200);
				const fault = await Fault.attach(banter.storaged.pid, [`fdatasync:error=${error}`]);
				assertLater(await banter.chat("s", "refused"), "store_unavailable");
				assertLater(await banter.get("/health/ready"), "store_unavailable");
				const { status, stdout } = await runTool(banter, "status");
				assert.equal(status, 69);
				assert.match(stdout, /NOT EVERYTHING RUNS/);
				assert.match(stdout, /^writes +are refused/m);
				await fault.detach();
				await until("it is ready", async () => {
					return (await banter.get("/health/ready")).status === 200;
				});
				assert.equal((await banter.chat("s", "after")).status, 200);
			}));

	for (const error of ["EIO", "ENOSPC"])
		it(`the last page of a commit, by ${error}: storaged exits with 74, and the store is intact`, async () => {
			await underLoad(async (store) => {
				await stopBeforeLastPage(store);
				const { pid } = store;
				const fault = await Fault.attach(pid, [`pwrite64:error=${error}:when=1`]);
				process.kill(pid, "SIGCONT");
				assert.equal(await store.endOf(pid), 74);
				assert.equal(await fault.detach(), 1);
				assert.equal(count(store, "store_broken"), 1);
			});
		});
});
