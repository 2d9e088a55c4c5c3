// The table of faults in storaged/README.md: each row's fault is caused, each cell is compared with what the
// service says, and the steps of the last cell are taken. Then everything works again.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { read } from "../documents.mjs";
import { ADMIN_KEY, Banter, times, until } from "../e2e/harness.mjs";
import { shell } from "../e2e/tool.mjs";
import { fill, withFileSystem } from "./mount.mjs";
import { damagePage, mainTree, tableRoots } from "./pages.mjs";
import { Fault, NO_STRACE, TRACED } from "./strace.mjs";

const HEAD = "| fault | log | `/health/ready`, and new messages |";
const admin = { "x-admin-api-key": ADMIN_KEY };
const words = JSON.parse(read("dashboard/src/settings/texts/en.json"));

/** The rows of the table, as texts of their cells. */
function rows() {
	const lines = read("storaged/README.md").split("\n");
	const head = lines.findIndex((line) => line.startsWith(HEAD));
	assert.notEqual(head, -1, "the table is there");
	const end = lines.findIndex((line, i) => i > head && !line.startsWith("|"));
	return lines.slice(head + 2, end).map((line) => {
		const [fault, log, answers, status, metrics, dashboard, steps] = line
			.split("|")
			.slice(1, -1)
			.map((cell) => cell.trim());
		return { fault, log, answers, status, metrics, dashboard, steps: steps.split("; ") };
	});
}

const code = (cell) => /`(.*)`/.exec(cell)[1];

const dataFile = (banter) => join(banter.settings.DATA_DIR, "data.mdb");

/** How to cause each fault; each resolves to how its disk is mended. */
const FAULTS = {
	async "the disk is full"(_banter, disk) {
		const filler = join(disk, "filler");
		fill(filler);
		return () => unlinkSync(filler);
	},
	async "the disk fails, or is read-only"(banter) {
		const fault = await Fault.attach(banter.storaged.pid, ["fdatasync:error=EIO"]);
		return () => fault.detach();
	},
	async "a page is damaged"(banter) {
		const path = dataFile(banter);
		damagePage(path, tableRoots(readFileSync(path)).get("caps"));
		return () => {};
	},
	async "a page is damaged without which no table can be opened: storaged ends with 65"(banter) {
		const path = dataFile(banter);
		await banter.stopStore();
		for (const page of mainTree(readFileSync(path))) damagePage(path, page);
		banter.storaged.start();
		assert.deepEqual(await banter.storaged.ended, { code: 65, signal: null });
		return () => {};
	},
};

/** Ends a daemon as a crash does, five times; waits until another one works. */
async function crash(banter, kill) {
	for (let i = 0; i < 5; i++) {
		const position = banter.log.lines.length;
		await kill();
		await banter.log.waitFor("a worker", ({ ev }) => ev === "store_connected", position);
		await until("it works", async () => (await banter.chat(`crash-${i}`, "hello")).status === 200);
	}
	return () => {};
}

FAULTS["storaged ends again and again (`READY_CRASHES` times within ten minutes)"] = (banter) =>
	crash(banter, () => banter.storaged.kill("SIGSEGV"));
FAULTS["workers end again and again"] = (banter) =>
	crash(banter, () => banter.killWorkers(banter.workerPids()));

FAULTS["the search index cannot be written, and stands still"] = async (banter) => {
	const fault = await Fault.attach(banter.searchd.pid, ["pwrite64:error=ENOSPC"]);
	await banter.chat("searched", "hello");
	return () => fault.detach();
};

FAULTS["the index of the content cannot be written, and stands still"] = async (banter) => {
	const fault = await Fault.attach(banter.searchd.pid, ["pwrite64:error=ENOSPC"]);
	const body = { question: "When?", text: "Now.", language: "en", published: true };
	assert.equal(
		(await banter.request("POST", "/v1/admin/answers", { headers: admin, body })).status,
		201,
	);
	return () => fault.detach();
};

const isReady = (banter) =>
	until("it is ready", async () => (await banter.get("/health/ready")).status === 200);

/** Takes one step of the last cell. */
async function take(banter, step, mend) {
	const { dir } = banter;
	if (step.startsWith("`banter ")) {
		const command = code(step)
			.replace(/^banter/, '"$BANTER"')
			.replace(/(\S+\.(?:mdb|jsonl))/, `${dir}/$1`);
		const { status, stderr } = await shell(banter, command);
		// A damaged page can hide a record, which an export then reports.
		assert.ok(
			status === 0 || (status === 65 && command.includes(" export ")),
			`${step}: ${stderr}`,
		);
	} else if (step === "stop storaged") await banter.stopStore();
	else if (step === "start storaged") {
		banter.startStore();
		await isReady(banter);
	} else if (/^look at what (\w+)'s log has before each end/.test(step)) {
		// The test was the cause. The new processes have not seen these ends.
		await banter.masterd.stop();
		const position = banter.log.lines.length;
		banter.masterd.start();
		await banter.log.waitFor("a worker", ({ ev }) => ev === "worker_ready", position);
		await isReady(banter);
	} else if (step === "free some space" || step === "mend the disk") await mend();
	else assert.fail(`unknown step: ${step}`);
}

/** What everything says while the fault lasts. */
async function assertTold(banter, row, position) {
	const [, status, refusal, served] =
		/^(\d+)(?: `(\w+)`)?(; messages are answered while it runs)?$/.exec(row.answers);
	const isRefused = (answer) => answer.status === Number(status) && answer.json?.code === refusal;
	const holds = (what, look) => until(`${row.fault}: ${what}`, look);
	await holds(`a message gets ${row.answers}`, async () => {
		const answer = await banter.chat("new", "hello");
		return served ? answer.status === 200 : isRefused(answer);
	});
	await holds(`/health/ready gets ${row.answers}`, async () =>
		isRefused(await banter.get("/health/ready")),
	);
	await banter.log.waitFor(row.log, ({ ev }) => `ev=${ev}` === code(row.log), position);
	await holds(`the status has ${row.status}`, async () => {
		const told = await shell(banter, '"$BANTER" status');
		return (
			told.status === (status === "200" ? 0 : 69) &&
			(told.stdout + told.stderr).replace(/\s+/g, " ").includes(code(row.status))
		);
	});
	if (/index/.test(row.fault)) {
		const { search } = JSON.parse((await shell(banter, '"$BANTER" status --json')).stdout);
		const { standingMs } = /content/.test(row.fault) ? search.passages : search;
		assert.ok(standingMs >= 30_000, `${row.fault}: stands for ${standingMs} ms`);
	}
	await holds(`the metrics have ${row.metrics}`, async () =>
		(await banter.get("/metrics", admin)).text.includes(`\n${code(row.metrics)}\n`),
	);
	await holds(`the dashboard has ${row.dashboard}`, async () => {
		const { store, master, search } = (await banter.get("/v1/admin/server", admin)).json;
		if (/index/.test(row.fault)) return words[`search_${search.state}`] === row.dashboard;
		const state = store.state === "ok" ? master.state : store.state;
		return words[`store_${state}`] === row.dashboard;
	});
}

async function assertWorks(banter) {
	await until(
		"a message is answered",
		async () => (await banter.chat("later", "hello")).status === 200,
	);
	await isReady(banter);
	assert.match(
		(await banter.get("/metrics", admin)).text,
		/^banter_store_up 1\n(#.*\n)+banter_store_writable 1$/m,
	);
	assert.equal((await banter.adminGet("/v1/admin/server")).store.state, "ok");
	const { status, stdout } = await shell(banter, '"$BANTER" status');
	assert.equal(status, 0, stdout);
	const { conversations } = await banter.conversations();
	assert.ok(conversations.some(({ sessionId }) => sessionId === "before-0"));
}

async function follow(row, disk) {
	const dir = join(disk, "data");
	mkdirSync(dir);
	const crashes = row.answers.includes("crash_loop") ? "5" : "0";
	const env = { DATA_DIR: dir, READY_CRASHES: crashes, ...TRACED };
	const banter = new Banter({ workers: 1, env, search: /index/.test(row.fault) });
	await banter.start();
	try {
		await times(10, (i) => banter.chat(`before-${i}`, "hello"));
		const backup = await shell(banter, `"$BANTER" backup "${banter.dir}/last.mdb"`);
		assert.equal(backup.status, 0, backup.stderr);
		const position = banter.log.lines.length;
		const mend = await FAULTS[row.fault](banter, disk);
		await assertTold(banter, row, position);
		for (const step of row.steps) await take(banter, step, mend);
		await assertWorks(banter);
	} finally {
		await banter.end();
	}
}

describe("the table of faults in storaged/README.md", () => {
	it("has the faults that are caused here, and no other", () => {
		assert.deepEqual(
			rows()
				.map(({ fault }) => fault)
				.sort(),
			Object.keys(FAULTS).sort(),
		);
	});
	for (const row of rows())
		it(`${row.fault}: what is said, and what to do`, async (t) => {
			if (NO_STRACE && /^the (disk fails|search index|index)/.test(row.fault))
				return t.skip(NO_STRACE);
			const trouble = await withFileSystem("tmpfs", 32, (disk) => follow(row, disk));
			if (trouble) t.skip(trouble);
		});
});
