// The commit log of several machines: founding, seeding, applying, take-over, and what happens when PostgreSQL, the
// owner or a standby fails. Each machine is a storaged; PostgreSQL is real.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Fleet } from "../faults/fleet.mjs";
import { newId, ORG, WIDGET } from "../faults/ids.mjs";
import { Peer } from "../faults/peer.mjs";
import { BUILD, baseEnvironment, Daemon, Log, times, until, whileStopped } from "./daemon.mjs";
import { withBanter } from "./harness.mjs";
import { FLEET, load, seqOf, usePostgres, withMachines } from "./machines.mjs";

const EX_CONFIG = 78;

async function chatAs(worker, text) {
	const turn = newId();
	const ids = { org: ORG, widget: WIDGET, conversation: newId(), message: newId(), turn };
	await worker.ask("turn_begin", { ...ids, session: turn, text: "hello" }, "turn_begun");
	await worker.ask("turn_finish", { turn, run: turn, text }, "ok");
}

describe("a commit log", () => {
	const postgres = usePostgres();
	const test = (name, body) => it(name, withMachines(postgres, body));

	test("is founded by the first store, and has a row for each transaction", async (machines) => {
		const a = await machines.found("a");
		await load(machines, new Fleet(FLEET));
		const status = await a.status();
		assert.equal(status.log_owner, "a");
		assert.equal(Number(status.log_epoch), 1);
		assert.equal(status.log_error, "");
		const rows = await postgres().value("SELECT max(seq) - count(*) FROM banter_log");
		assert.equal(rows, "0", "no row is missing");
		assert.ok((await seqOf(a)) > 10);
		assert.equal(a.events("log_founded").length, 1);
	});

	test("gives a standby all that its owner has, key by key", async (machines) => {
		const a = await machines.found("a");
		const fleet = new Fleet(FLEET);
		await load(machines, fleet);
		const b = await machines.join("b", a);
		await load(machines, fleet);
		await machines.equal(a, b);
		assert.equal(Number((await b.status()).log_behind), 0);
		await until("the owner knows its standby", async () => {
			const { log_standbys: standbys, log_behind: behind } = await a.status();
			return standbys === 1 && Number(behind) === 0;
		});
		// What is seeded from a standby is as good.
		const c = await machines.join("c", b);
		await load(machines, fleet);
		await machines.equal(a, b, c);
		await fleet.check(machines, { whole: true });
	});

	it("has its owner, standbys, their lag and the time of an append in /metrics", async () => {
		const env = { STORE_LOG: postgres().url, STORE_NAME: 'a "b"' };
		await withBanter({ env, workers: 1 }, async (banter) => {
			await banter.chat("s", "[[tokens=1]]");
			const { text } = await banter.get("/metrics");
			assert.match(text, /^banter_log_owner\{machine="a \\"b\\""\} 1$/m);
			assert.match(text, /^banter_log_standbys 0$/m);
			assert.match(text, /^banter_log_behind_rows 0$/m);
			assert.match(text, /^banter_log_append_microseconds [1-9]\d*$/m);
		});
		await postgres().sql("DROP TABLE IF EXISTS banter_log, banter_owner, banter_member");
	});

	test("is reached with STORE_LOG alone, whatever the environment says", async (machines) => {
		const a = await machines.found("a", {
			PGHOST: "/nowhere",
			PGPORT: "1",
			PGSERVICE: "none",
			PGPASSFILE: "/nowhere",
			PGOPTIONS: "-c lock_timeout=x",
			SYSCALL_FILTER: "1",
		});
		assert.equal(a.events("call_refused").length, 0);
	});

	test("is not begun with a STORE_LOG that the filter of system calls would break", async (machines) => {
		const { dir } = postgres();
		for (const [log, error] of [
			[`host=${dir} dbname=postgres`, /user=/],
			[`host=localhost user=banter dbname=postgres`, /Unix socket/],
			[`host=${dir} user=banter service=other`, /service=/],
			[`host=${dir} user=banter passfile=/etc/other`, /passfile=/],
		]) {
			const a = machines.add("a", { STORE_LOG: log });
			assert.equal(await a.endsWith("store_log_invalid"), EX_CONFIG);
			assert.match(a.events("store_log_invalid")[0].error, error);
			assert.equal(a.events("call_refused").length, 0);
		}
	});

	// Otherwise it would not serve the banter command, or end, for long.
	test("is read by a standby in steps that are small in bytes, too", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		await b.stop();
		const worker = await a.connect("WORKER");
		const text = "x".repeat(500_000);
		for (let sent = 0; sent < 40e6; sent += 5 * text.length)
			await times(5, () => chatAs(worker, text));
		await worker.close();
		await postgres().sql("ALTER ROLE banter SET log_statement = 'all'");
		try {
			const position = postgres().log.lines.length;
			await b.start();
			await machines.equal(a, b);
			const reads = postgres()
				.log.lines.slice(position)
				.filter((line) => /execute \S+: SELECT seq, epoch, .* AS next/.test(line.text));
			assert.ok(reads.length >= 4, `${reads.length} queries for 40 MB`);
		} finally {
			await postgres().sql("ALTER ROLE banter RESET log_statement");
		}
	});

	test("lets a standby answer the banter command only", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		await assert.rejects(b.connect("WORKER").then((worker) => worker.request("ping")));
		const peer = await b.connect("TOOL");
		const refused = await peer.request("record_get", { kind: 1 });
		assert.match(refused.detail, /standby/);
		await peer.close();
		assert.match((await b.tool("status")).stdout, /standby/);
		await b.expectTool("verify");
	});

	// It tries again each second, for as long as another machine is the owner.
	test("lets searchd wait beside a standby, which it logs once, until that is the owner", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const log = new Log();
		const env = { ...baseEnvironment(), DATA_DIR: b.dir, STORE_SOCKET: b.socket };
		const searchd = new Daemon(join(BUILD, "searchd"), [], env, log);
		const hasContent = async () => {
			const peer = await Peer.connect(join(b.dir, "search.sock"), "TOOL");
			const { passages_ready } = await peer.ask("search_status_get", {}, "search_status");
			await peer.close();
			return Number(passages_ready) === 1;
		};
		const events = (name) => log.lines.filter(({ ev }) => ev === name).length;
		try {
			searchd.start();
			// For texts and for passages.
			const unreachable = () => events("store_unreachable") === 2;
			await until("searchd reports that the store cannot be reached", unreachable);
			await a.kill();
			await until("searchd is connected", () => events("store_connected") === 2);
			assert.deepEqual([unreachable(), events("store_lost")], [true, 0]);
			await until("it has the content", hasContent);
			await b.stop();
			await until("searchd has lost the store", () => events("store_lost") === 2);
			// Without a store it does not know what has changed since then.
			assert.equal(await hasContent(), false);
		} finally {
			await searchd.stop();
			log.discard();
		}
	});

	test("lets a standby take over when the owner is killed", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			await fleet.acknowledgedMore(200);
			await a.kill();
			await machines.owner(b);
			await fleet.acknowledgedMore(200);
			await a.start();
			await machines.standby(a);
			await fleet.acknowledgedMore(50);
		});
		await fleet.check(machines, { whole: true });
		await machines.equal(b, a);
		assert.equal(Number((await b.status()).log_epoch), 2);
	});

	test("is resumed at once by an owner that restarts", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		for (const kill of [true, false]) {
			await load(machines, fleet, 50);
			if (kill) await a.kill();
			else await a.stop();
			await a.start();
			await machines.owner(a);
			await postgres().sql("UPDATE banter_owner SET taken = now() - interval '31 seconds'");
		}
		assert.equal(b.events("log_owner").length, 0);
		await load(machines, fleet, 50);
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b);
	});

	test("is left to another machine by an owner that ends again and again", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		await a.kill();
		await a.start();
		await machines.owner(a);
		await a.kill();
		await a.start();
		await a.event("owner_ended_early");
		await machines.owner(b);
		await machines.standby(a);
		await load(machines, new Fleet(FLEET), 20);
		await machines.equal(a, b);
		// Where there is no other machine, it goes on after a while.
		await a.stop();
		for (let times = 0; times < 2; times++) {
			await b.kill();
			await b.start();
			await machines.owner(b);
		}
	});

	test("gets the columns that its tables lack", async (machines) => {
		const a = await machines.found("a");
		await a.stop();
		const columns =
			"SELECT count(*) FROM pg_attribute WHERE attname = 'taken' AND attrelid = 'banter_owner'::regclass";
		await postgres().sql("ALTER TABLE banter_owner DROP COLUMN taken");
		assert.equal(await postgres().value(columns), "0");
		await a.start();
		await machines.owner(a);
		assert.equal(await postgres().value(columns), "1");
		assert.equal(a.events("log_failed").length, 0);
	});

	test("is taken over by one of two standbys", async (machines) => {
		const a = await machines.found("a");
		const [b, c] = [await machines.join("b", a), await machines.join("c", a)];
		const fleet = new Fleet(FLEET);
		await load(machines, fleet);
		await a.kill();
		const owner = await machines.owner(b, c);
		const other = owner === b ? c : b;
		await load(machines, fleet);
		await machines.equal(owner, other);
		assert.equal(other.events("log_owner").length, 0);
		await fleet.check(machines, { whole: true });
	});

	test("is not answered for by an owner that was stopped for longer than its lease", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet({ workers: 1, visitors: 1 });
		await load(machines, fleet, 20);
		await machines.equal(a, b);
		const peer = await a.connect("WORKER");
		await peer.ask("ping", {}, "pong");
		let answer;
		await whileStopped([a.pid], async () => {
			answer = peer.request("ping").then(
				() => "answered",
				() => "gone",
			);
			await machines.owner(b);
			await fleet.leave(); // as their proxies let the workers do
			await load(machines, fleet, 20);
		});
		assert.equal(await answer, "gone");
		await machines.standby(a);
		await machines.equal(b, a);
		await fleet.check(machines, { whole: true });
		assert.equal(a.events("log_lost").length, 1);
	});

	test("keeps machines of one name apart", async (machines) => {
		const a = await machines.found("a");
		const other = machines.add("a");
		await machines.seed(other, a);
		await other.start();
		await other.event("log_name_shared");
		assert.ok(await other.is("STANDBY"));
		assert.ok(await a.is("OWNER"));
		await load(machines, new Fleet(FLEET), 20);
		await machines.equal(a, other);
		assert.equal(Number((await a.status()).log_epoch), 1);
	});
});

describe("a hand-over", () => {
	const postgres = usePostgres();
	const test = (name, body) => it(name, withMachines(postgres, body));

	test("moves the ownership under load, and refuses no request", async (machines) => {
		const a = await machines.found("a");
		const [b, c] = [await machines.join("b", a), await machines.join("c", a)];
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			let owner = a;
			for (const [name, next] of [
				["b", b],
				["c", c],
				["a", a],
			]) {
				await fleet.acknowledgedMore(100);
				assert.match((await owner.expectTool("handover", name)).stdout, new RegExp(name));
				await machines.owner(next);
				await machines.standby(owner);
				owner = next;
			}
			await fleet.acknowledgedMore(100);
			await owner.expectTool("handover");
			await machines.owner(b, c);
			await fleet.acknowledgedMore(50);
		});
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b, c);
		const lost = [a, b, c].flatMap((machine) => machine.events("log_lost"));
		assert.deepEqual(lost, []);
	});

	test("that nobody accepts leaves everything unchanged", async (machines) => {
		const a = await machines.found("a");
		const none = await a.tool("handover");
		assert.notEqual(none.status, 0);
		assert.match(none.stderr, /no standby/);
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			await fleet.acknowledgedMore(50);
			const unknown = await a.tool("handover", "nobody");
			assert.match(unknown.stderr, /no standby of this name/);
			await whileStopped([b.pid], async () => {
				const failed = await a.tool("handover", "b");
				assert.notEqual(failed.status, 0);
				assert.match(failed.stdout, /waiting for b, which is \d+ rows? behind/);
				assert.match(failed.stderr, /b has not reported for 8 s: nothing has changed/);
				await fleet.acknowledgedMore(50);
			});
			await fleet.acknowledgedMore(50);
		});
		assert.ok(await a.is("OWNER"));
		assert.equal(Number((await a.status()).log_epoch), 1);
		assert.equal(a.events("log_lost").length, 0);
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b);
	});

	test("that a standby cannot accept is withdrawn", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await load(machines, fleet, 20);
		await postgres().sql(`
			CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
			CREATE TRIGGER refuse BEFORE UPDATE ON banter_owner FOR EACH ROW
				WHEN (new.name <> old.name) EXECUTE FUNCTION refuse()`);
		try {
			const failed = await a.tool("handover");
			assert.notEqual(failed.status, 0);
			assert.match(failed.stderr, /b did not take over within a second: nothing has changed/);
			assert.ok(b.events("log_failed").length > 0);
		} finally {
			await postgres().sql("DROP FUNCTION refuse CASCADE");
		}
		await load(machines, fleet, 20);
		await machines.equal(a, b);
		assert.ok(await a.is("OWNER"));
		await fleet.check(machines, { whole: true });
	});

	test("waits for a standby that is behind, and serves meanwhile", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			let asked;
			await whileStopped([b.pid], async () => {
				await fleet.acknowledgedMore(50);
				asked = a.tool("handover", "b");
				await a.event("hand_over_waits");
				await fleet.acknowledgedMore(50);
				assert.ok(await a.is("OWNER"));
			});
			const { status, stdout, stderr } = await asked;
			assert.equal(status, 0, stderr);
			assert.match(stdout, /b is the owner/);
			await machines.owner(b);
			await fleet.acknowledgedMore(50);
		});
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b);
		assert.equal(a.events("log_lost").length, 0);
	});

	test("is for the owner, of several machines", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const refused = await b.tool("handover");
		assert.match(refused.stderr, /standby.*owner, a/);
	});
});
