// Backup of a store in use, interrupted backups, and restore.

import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { until, useBanter, withBanter } from "./harness.mjs";
import { childrenOf } from "./proc.mjs";
import {
	expectTool,
	feedTool,
	makeExport,
	parseLines,
	shell,
	startTool,
	useDirectory,
} from "./tool.mjs";

async function startStore(banter) {
	banter.startStore();
	await banter.ready();
}

describe("banter backup", () => {
	const out = useDirectory();
	const banter = useBanter({ workers: 2 });

	it("is consistent at any time, while replies stream and messages arrive", async () => {
		const known = new Map(); // conversation → its thread, complete before the backup
		const stream = await banter.stream("long", "[[tokens=40 delay=20]]");
		let stop = false;
		const chatters = [1, 2, 3].map(async (who) => {
			for (let i = 0; !stop; i++) {
				const { json } = await banter.chat(`chatter-${who}-${i}`, `[[tokens=4]] ${i}`);
				known.set(json.conversationId, await banter.messages(json.conversationId));
			}
		});
		const finished = [];
		for (let i = 0; i < 5; i++) {
			await until("another chat", () => known.size > 5 * (i + 1));
			finished.push([...known]);
			await expectTool(banter, 0, "backup", out(`live-${i}`));
			await expectTool(banter, 0, "verify", out(`live-${i}`));
		}
		stop = true;
		await Promise.all(chatters);
		assert.equal((await stream.rest()).at(-1).type, "done");

		// Restored from a pipe, as on another machine.
		const dir = out("elsewhere");
		const script = `cat ${out("live-4")} | "$BANTER" restore - --data-dir ${dir}`;
		const { status, stderr } = await shell(banter, script);
		assert.equal(status, 0, stderr);
		assert.deepEqual(readdirSync(dir).sort(), ["data.mdb", "storaged.lock"]);
		await withBanter({ env: { DATA_DIR: dir } }, async (restored) => {
			for (const [id, thread] of finished[4]) assert.deepEqual(await restored.messages(id), thread);
			await expectTool(restored, 0, "verify");
		});
	});

	it("goes to a pipe, not to a terminal", async () => {
		const piped = await shell(banter, `"$BANTER" backup - | cat >${out("piped")}`);
		assert.equal(piped.status, 0, piped.stderr);
		await expectTool(banter, 0, "verify", out("piped"));
		const terminal = await shell(banter, `script -qec '"$BANTER" backup -' /dev/null`);
		assert.equal(terminal.status, 64);
		assert.match(terminal.stdout, /binary data to a terminal/);
	});

	it("leaves no file when the disk is full, and reports it, as do other commands", async () => {
		mkdirSync(out("full"));
		const limited = await shell(banter, `ulimit -f 8; "$BANTER" backup ${out("full/backup")}`);
		assert.equal(limited.status, 74, limited.stderr);
		assert.match(limited.stderr, /File too large; the incomplete file was removed: free disk/);
		assert.deepEqual(readdirSync(out("full")), []);
		for (const args of ["backup -", "verify", "verify --json", "status", "export"]) {
			const { status, stderr } = await shell(banter, `"$BANTER" ${args} >/dev/full`);
			assert.equal(status, 74, args);
			assert.match(stderr, /No space left on device/);
		}
		const closed = await shell(banter, `"$BANTER" backup - | true; echo \${PIPESTATUS[0]}`);
		assert.equal(closed.stdout, "74\n");
	});

	it("is shown by banter status: the last good one, and that a newer one failed", async () => {
		const status = async () => (await expectTool(banter, 0, "status")).stdout;
		const json = async () => JSON.parse((await expectTool(banter, 0, "status", "--json")).stdout);
		const file = out("nightly");
		await expectTool(banter, 0, "backup", file);
		assert.match(await status(), /^banter .*: everything runs\n/);
		assert.ok((await status()).replaceAll(/\s+/g, "").includes(`B${realpathSync(file)}`));
		await expectTool(banter, 73, "backup", file); // it exists
		assert.match(await status(), /^banter .*: everything runs, and the last backup FAILED\n/);
		assert.match(await status(), /^ {12}the last attempt FAILED /m);
		const { backup_failed, backup_error, last_backup_at, backup_failed_at } = await json();
		assert.deepEqual([backup_failed, backup_failed_at > last_backup_at], [true, true]);
		assert.match(backup_error, /nightly.* --force/);
		await expectTool(banter, 0, "backup", "--force", file);
		assert.doesNotMatch(await status(), /FAILED|GONE/);
		rmSync(file);
		assert.match(await status(), /GONE/);
		await expectTool(banter, 64, "backup", "--json", "-"); // no attempt
		assert.equal((await json()).backup_failed, false);
	});

	it("with --verify appears only if nothing is wrong with it", async () => {
		const file = out("verified");
		const { stdout } = await expectTool(banter, 0, "backup", "--verify", file);
		assert.match(stdout, /no problems found/);
		const good = readFileSync(file);
		const other = join(banter.dir, "other");
		mkdirSync(other);
		await expectTool(banter, 0, "restore", "--data-dir", other, file);
		const store = join(other, "data.mdb");
		const bytes = readFileSync(store);
		bytes[bytes.lastIndexOf("chatter-1-0")] ^= 1; // in an index
		writeFileSync(store, bytes);
		const options = ["--data-dir", other, "--force"];
		const bad = await expectTool(banter, 65, "backup", "--verify", ...options, file);
		assert.match(bad.stdout, /problems? found/);
		assert.match(bad.stderr, /verified was not written/);
		assert.deepEqual(readFileSync(file), good);
		assert.equal(existsSync(`${file}.partial`), false);
		await expectTool(banter, 64, "backup", "--verify", "-");
	});

	it("works without storaged", async () => {
		await banter.stopStore();
		try {
			await expectTool(banter, 0, "backup", out("cold"));
			await expectTool(banter, 0, "verify", out("cold"));
			await expectTool(banter, 0, "verify");
		} finally {
			await startStore(banter);
		}
	});
});

describe("banter backup, interrupted", () => {
	const out = useDirectory();
	const banter = useBanter({ workers: 1 });

	before(async () => {
		const text = "interrupted ".repeat(30_000);
		await feedTool(banter, makeExport(60, text), 0, "import", "-");
	});

	async function interrupt(path, signal) {
		const child = startTool(banter, ["backup", path]);
		let copier;
		await until("it copies, or is done", () => {
			[copier] = childrenOf(child.pid);
			return copier || child.exitCode !== null;
		});
		child.kill(signal);
		const end = await child.ended;
		await until("nobody copies any more", () => !copier || !existsSync(`/proc/${copier}`));
		assert.ok(end.signal === signal || end.status === 0, end.stderr);
		if (!existsSync(path)) return true;
		await expectTool(banter, 0, "verify", path);
		rmSync(path);
		return false;
	}

	for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"])
		it(`by ${signal}, leaves no file and does not affect storaged`, async () => {
			mkdirSync(out(signal));
			const path = out(`${signal}/backup`);
			await until("a backup is interrupted", () => interrupt(path, signal));
			assert.deepEqual(readdirSync(out(signal)), []);
			const { json } = await banter.chat(`after-${signal}`, "[[tokens=3]]");
			assert.equal((await banter.messages(json.conversationId)).length, 2);
			await expectTool(banter, 0, "verify");
			await expectTool(banter, 0, "backup", path);
			await expectTool(banter, 0, "verify", path);
		});

	it("storaged frees the pages that a killed reader held", async () => {
		const reader = startTool(banter, ["export"], { held: true });
		await reader.began;
		const position = banter.log.lines.length;
		reader.kill("SIGKILL");
		await banter.log.waitFor("dead readers", (line) => line.ev === "dead_readers", position);
		reader.release();
		await reader.ended;
	});

	it("an export shows its progress on request", async () => {
		const { stderr } = await expectTool(banter, 0, "export", "--progress");
		assert.match(stderr, /^[a-z]+: 0 of \d+$/m);
	});
});

describe("banter restore", () => {
	const out = useDirectory();

	/** A store with one conversation, its backup, and storaged stopped. */
	async function withBackup(body) {
		await withBanter({ workers: 1 }, async (banter) => {
			const { json } = await banter.chat("first", "[[tokens=3]]");
			const backup = join(banter.dir, "backup");
			await expectTool(banter, 0, "backup", backup);
			await banter.stopStore();
			const data = join(banter.dir, "data");
			await body(banter, { backup, data, conversation: json.conversationId });
			if (!banter.storaged.running) banter.startStore();
			await banter.ready();
		});
	}

	function contentOf(dir) {
		return Object.fromEntries(
			readdirSync(dir)
				.filter((name) => name !== "storaged.lock")
				.map((name) => [name, readFileSync(join(dir, name)).toString("base64")]),
		);
	}

	it("replaces the store with a backup and keeps the replaced store", () =>
		withBackup(async (banter, { backup, data, conversation }) => {
			await startStore(banter);
			const later = await banter.chat("second", "[[tokens=3]]");
			await banter.stopStore();
			const { stdout } = await expectTool(banter, 0, "restore", "--force", backup);
			assert.match(stdout, /kept as .*data\.mdb\.replaced/);
			await expectTool(banter, 0, "verify", join(data, "data.mdb.replaced"));
			await startStore(banter);
			const { conversations, total } = await banter.conversations();
			assert.deepEqual([conversations.map((one) => one._id), total], [[conversation], 1]);
			const again = await banter.chat("first", "[[tokens=2]]");
			assert.equal(again.json.conversationId, conversation);
			// Restore the replaced store.
			await banter.stopStore();
			const replaced = join(data, "data.mdb.replaced");
			const { stderr } = await expectTool(banter, 0, "restore", "--force", replaced);
			assert.match(stderr, /has no checksum, because it was a store in use/);
			await startStore(banter);
			assert.equal((await banter.messages(later.json.conversationId)).length, 2);
			assert.equal(statSync(join(data, "data.mdb")).mode & 0o777, 0o600);
		}));

	it("refuses while storaged runs, and refuses to replace an existing store", () =>
		withBackup(async (banter, { backup, data }) => {
			const before = contentOf(data);
			const there = await expectTool(banter, 73, "restore", backup);
			assert.match(there.stderr, /already contains a store; --force/);
			assert.deepEqual(contentOf(data), before);
			await startStore(banter);
			const runs = await expectTool(banter, 75, "restore", "--force", backup);
			assert.match(runs.stderr, /storaged runs .*stop it first/);
			await expectTool(banter, 0, "verify");
		}));

	it("refuses a damaged backup, in which verify names each problem, and leaves the store unchanged", () =>
		withBackup(async (banter, { backup, data }) => {
			const before = contentOf(data);
			const whole = readFileSync(backup);
			const bad = out("bad");
			const refused = async (bytes, why) => {
				writeFileSync(bad, bytes);
				const { stdout, stderr } = await expectTool(banter, 65, "restore", "--force", bad);
				assert.match(stdout + stderr, why);
				assert.match(stderr, /was not restored/);
				assert.deepEqual(contentOf(data), before);
			};
			await refused("", /is empty/);
			await refused("no store at all", /is not a banter store/);
			for (const pages of [1, 2, 9]) await refused(whole.subarray(0, pages * 4096), /damaged/);
			await refused(whole.subarray(0, -64), /the checksum at the end of the file is missing/);
			// A session in an index without its record.
			const at = whole.lastIndexOf("first");
			assert.notEqual(at, whole.indexOf("first"));
			const flipped = Buffer.from(whole);
			flipped[at] ^= 1;
			await refused(flipped, /conversations_by_session/);
			await refused(flipped, /the checksum of the file is wrong/);
			const { stdout } = await expectTool(banter, 1, "verify", bad);
			assert.match(stdout, /^conversations_by_session: /m);
			assert.match(stdout, /(\d+) problems? found\n$/);
			const lines = parseLines((await expectTool(banter, 1, "verify", "--json", bad)).stdout);
			assert.equal(lines.at(-1).broken, lines.length - 1);
			assert.equal(typeof lines[0].table, "string");
			const intact = await expectTool(banter, 0, "verify", backup);
			assert.match(intact.stdout, /\d+ entries, no problems found\n$/);
		}));

	it("refuses at once while another process reads the store", () =>
		withBackup(async (banter, { backup }) => {
			// An export into a pipe that is not read keeps the store open.
			const text = "held ".repeat(50_000);
			await startStore(banter);
			await feedTool(banter, makeExport(10, text), 0, "import", "-");
			await banter.stopStore();
			const reader = startTool(banter, ["export"], { held: true });
			await reader.began;
			const { stderr } = await expectTool(banter, 75, "restore", "--force", backup);
			assert.match(stderr, /another banter process reads/);
			reader.release();
			await reader.ended;
			await expectTool(banter, 0, "restore", "--force", backup);
		}));

	it("restores a backup of an older schema, for storaged to migrate", () =>
		withBackup(async (banter, { backup }) => {
			const old = out("old");
			await shell(banter, `sed s/schema_version13/schema_version00/g ${backup} >${old}`);
			truncateSync(old, statSync(old).size - (statSync(old).size % 4096));
			const { stderr } = await expectTool(banter, 0, "restore", "--force", old);
			assert.match(stderr, /has no checksum, as backups of an older banter \(schema 1\)/);
			truncateSync(old, statSync(old).size - 4096);
			await expectTool(banter, 65, "restore", "--force", old);
			await expectTool(banter, 78, "verify");
			await expectTool(banter, 0, "restore", "--force", backup);
		}));
});
