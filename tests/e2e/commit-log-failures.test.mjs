// What happens to the commit log when PostgreSQL fails, its rows are damaged, or a disk is full.

import assert from "node:assert/strict";
import { mkdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Fleet } from "../faults/fleet.mjs";
import { newId, ORG, WIDGET } from "../faults/ids.mjs";
import { fill, withFileSystem } from "../faults/mount.mjs";
import { PeerGone } from "../faults/peer.mjs";
import { assertWhole } from "../faults/store.mjs";
import { until, whileStopped } from "./daemon.mjs";
import { FLEET, load, seqOf, usePostgres, withMachines } from "./machines.mjs";

const EX_DATAERR = 65;
const EX_IOERR = 74;

describe("a commit log in a PostgreSQL that fails", () => {
	const postgres = usePostgres();
	const test = (name, body) => it(name, withMachines(postgres, body));

	test("stores a message once whose append got no answer", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			await fleet.acknowledgedMore(50);
			const position = a.log.lines.length;
			const [backend] = await postgres().backendsOf("a");
			process.kill(backend, "SIGSTOP");
			try {
				await a.event("log_lost", position);
				// The owner goes on over another connection, and the row of the stopped one must not count.
				await machines.owner(a);
				await fleet.acknowledgedMore(50);
			} finally {
				process.kill(backend, "SIGCONT");
			}
			await fleet.acknowledgedMore(100);
		});
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b);
	});

	test("that gives no answer is not the fault of a request, and its owner says so", async (machines) => {
		const a = await machines.found("a");
		const [peer, idle] = [await a.connect("WORKER"), await a.connect("WORKER")];
		const turn = newId();
		const ids = { org: ORG, widget: WIDGET, conversation: newId(), message: newId(), turn };
		const begin = { ...ids, session: "s", text: "hello" };
		const [backend] = await postgres().backendsOf("a");
		process.kill(backend, "SIGSTOP");
		try {
			// The second one reads what the first one has written.
			const unanswered = [peer.request("turn_begin", begin), peer.request("ping")];
			const ends = await Promise.allSettled(unanswered);
			for (const { reason } of ends) assert.ok(reason instanceof PeerGone, `${reason}`);
		} finally {
			process.kill(backend, "SIGCONT");
		}
		for (const one of [peer, idle])
			assert.deepEqual(await one.hear(), { is: "leaving", in_doubt: 1 });
		await machines.owner(a);
		const again = await machines.connect("WORKER");
		await again.ask("turn_begin", begin, "turn_begun");
		await again.close();
	});

	test("continues after PostgreSQL has restarted", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			for (let i = 0; i < 3; i++) {
				await fleet.acknowledgedMore(50);
				await postgres().restart();
			}
			await fleet.acknowledgedMore(50);
		});
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b);
	});

	test("is waited for at the start, and said once to be unreachable", async (machines) => {
		const a = await machines.found("a");
		await a.stop();
		await postgres().crash();
		const position = a.log.lines.length;
		await a.start();
		await a.event("log_failed", position);
		const { log_error: error } = await a.status();
		assert.match(error, /connection to server/);
		await assert.rejects(machines.connect("WORKER"));
		await pause(1000); // several attempts to connect
		await postgres().launch();
		await machines.owner(a);
		const failed = a.log.lines.slice(position).filter(({ ev }) => ev === "log_failed");
		assert.ok(failed.length <= 3, failed.map(({ text }) => text).join("\n"));
	});

	test("takes no notice of a warning of the login", async (machines) => {
		await postgres().sql("UPDATE pg_database SET datcollversion = '1'");
		try {
			await machines.found("a");
		} finally {
			await postgres().sql("UPDATE pg_database SET datcollversion = NULL");
		}
	});

	test("that refuses each row causes no error of the owner's own work, and no haste", async (machines) => {
		const a = await machines.found("a");
		await a.stop();
		// A new log, whose second row is that of a count which a new store makes.
		await postgres().sql(`DELETE FROM banter_owner; DELETE FROM banter_log;
			CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
			CREATE TRIGGER refuse BEFORE INSERT ON banter_log FOR EACH ROW WHEN (new.seq > 1)
				EXECUTE FUNCTION refuse()`);
		try {
			const b = machines.add("b");
			const since = performance.now();
			await b.start();
			// A log that refuses each row is not owned more often than once a second: the third time is 2 s after the start.
			await until("it is lost three times", () => b.events("log_lost").length >= 3);
			assert.ok(performance.now() - since > 1990);
			await postgres().sql("DROP FUNCTION refuse CASCADE");
			const position = b.log.lines.length;
			await b.event("log_owner", position);
			await machines.owner(b);
			const wrong = b.log.lines.filter(({ text }) => text.startsWith("<3>"));
			assert.deepEqual(wrong, []);
		} finally {
			await postgres().sql("DROP FUNCTION IF EXISTS refuse CASCADE");
		}
	});

	test("whose owner is gone is not founded again", async (machines) => {
		const a = await machines.found("a");
		await load(machines, new Fleet(FLEET), 20);
		await a.stop();
		await postgres().sql("DELETE FROM banter_owner; DELETE FROM banter_log WHERE seq = 1");
		const fresh = machines.add("fresh");
		assert.equal(await fresh.endsWith("log_gap"), EX_DATAERR);
		assert.equal(await a.endsWith("log_gap"), EX_DATAERR);
	});
});

describe("a commit log whose rows are not those of the store", () => {
	const postgres = usePostgres();
	const test = (name, body) => it(name, withMachines(postgres, body));

	/** An owner, and a standby that is stopped while the owner goes on. */
	async function withStopped(machines) {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await load(machines, fleet, 20);
		await machines.equal(a, b);
		await b.stop();
		const seq = await seqOf(a);
		await load(machines, fleet, 50);
		return { a, b, seq };
	}

	test("refuses a store that was not seeded", async (machines) => {
		await machines.found("a");
		const b = machines.add("b");
		assert.equal(await b.endsWith("log_not_seeded"), EX_DATAERR);
	});

	test("refuses a store of the owner's name that was not seeded", async (machines) => {
		await machines.found("a");
		assert.equal(await machines.add("a").endsWith("log_not_seeded"), EX_DATAERR);
	});

	test("refuses a store that has left it, also the only one", async (machines) => {
		const a = await machines.found("a");
		await a.stop();
		const { STORE_LOG: log } = a.daemon.env;
		a.set({ STORE_LOG: undefined });
		await a.start();
		await a.event("log_left");
		await a.stop();
		a.set({ STORE_LOG: log });
		assert.equal(await a.endsWith("log_not_seeded"), EX_DATAERR);
	});

	test("refuses a store whose next row is deleted", async (machines) => {
		const { a, b, seq } = await withStopped(machines);
		await postgres().sql(`DELETE FROM banter_log WHERE seq <= ${seq + 1}`);
		assert.equal(await b.endsWith("log_gap"), EX_DATAERR);
		await machines.seed(b, a);
		await b.start();
		await machines.equal(a, b);
	});

	test("stops a standby that runs when its next row is deleted", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await load(machines, fleet, 20);
		await machines.equal(a, b);
		const position = b.log.lines.length;
		await whileStopped([b.pid], async () => {
			await load(machines, fleet, 50);
			const last = "(SELECT max(seq) FROM banter_log)";
			await postgres().sql(`DELETE FROM banter_log WHERE seq < ${last}`);
		});
		await b.event("log_gap", position);
		assert.equal(await b.endOf(b.pid), EX_DATAERR);
	});

	test("refuses a store that has more rows", async (machines) => {
		const { a, b } = await withStopped(machines);
		await a.stop();
		const last = "(SELECT max(seq) FROM banter_log)";
		await postgres().sql(`DELETE FROM banter_log WHERE seq = ${last}`);
		assert.equal(await a.endsWith("log_gap"), EX_DATAERR);
		await b.start();
		await machines.owner(b);
	});

	test("refuses a store whose own row has changed", async (machines) => {
		const { b, seq } = await withStopped(machines);
		await postgres().sql(`UPDATE banter_log SET epoch = 77 WHERE seq = ${seq}`);
		assert.equal(await b.endsWith("log_diverged"), EX_DATAERR);
	});

	test("stops a standby when a row has changed", async (machines) => {
		const { b, seq } = await withStopped(machines);
		await postgres().sql(`UPDATE banter_log SET data = '' WHERE seq = ${seq + 2}`);
		assert.equal(await b.endsWith("log_diverged"), EX_DATAERR);
	});

	test("stops a standby at a row that is not a write set", async (machines) => {
		const { b, seq } = await withStopped(machines);
		await postgres().sql(`UPDATE banter_log SET data = 'x' WHERE seq = ${seq + 2}`);
		assert.equal(await b.endsWith("log_not_applied"), EX_IOERR);
	});

	test("stops a standby at a row of another schema", async (machines) => {
		const { b, seq } = await withStopped(machines);
		await postgres().sql(`UPDATE banter_log SET schema = 1000 WHERE seq > ${seq + 1}`);
		assert.equal(await b.endsWith("log_schema"), EX_DATAERR);
	});

	test("stops a standby that runs when PostgreSQL has lost its last rows", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		await load(machines, new Fleet(FLEET), 20);
		await machines.equal(a, b);
		const position = b.log.lines.length;
		await a.kill();
		const last = "(SELECT max(seq) FROM banter_log)";
		await postgres().sql(`DELETE FROM banter_log WHERE seq = ${last}`);
		await b.event("log_gap", position);
		assert.equal(await b.endOf(b.pid), EX_DATAERR);
	});
});

describe("a commit log's old rows", () => {
	const postgres = usePostgres();
	const test = (name, body) => it(name, withMachines(postgres, body));
	const HOUR = 3_600_000;
	/** The owner looks for old rows once after each heartbeat. */
	const trimmedAgain = async () => {
		const beats = () => postgres().value("SELECT heartbeat FROM banter_owner").then(Number);
		const now = await beats();
		await until("the owner has trimmed again", async () => (await beats()) > now + 2);
	};
	const first = () => postgres().value("SELECT min(seq) FROM banter_log").then(Number);

	test("are deleted when there are too many bytes, but never the last", async (machines) => {
		const a = await machines.found("a", { LOG_MAX_BYTES: "1M" });
		const fleet = new Fleet(FLEET);
		const kept = "SELECT sum(octet_length(data)) FROM banter_log";
		await fleet.runDuring(machines, () =>
			until("4 MB of rows were written", async () => {
				return Number(await postgres().value("SELECT max(total) FROM banter_log")) > 4e6;
			}),
		);
		await until("at most a megabyte is left", async () => {
			return Number(await postgres().value(kept)) <= 1_100_000;
		});
		assert.ok((await first()) > 1);
		await a.stop();
		await a.start();
		await machines.owner(a);
		await fleet.check(machines, { whole: true });
	});

	test("are deleted after some days", async (machines) => {
		const a = await machines.found("a", { LOG_KEEP: "2" });
		await load(machines, new Fleet(FLEET));
		const seq = await seqOf(a);
		const half = Math.floor(seq / 2);
		// As if the owners had counted 49 hours since the older half, and PostgreSQL's clock were wrong by years.
		await postgres().sql(
			`UPDATE banter_log SET at = now() - interval '9 years';
			UPDATE banter_log SET clock = clock + ${2 * HOUR} WHERE seq > ${half};
			UPDATE banter_owner SET clock = clock + ${49 * HOUR}`,
		);
		await until("the older half is deleted", async () => (await first()) === half + 1);
		await trimmedAgain();
		assert.equal(await first(), half + 1);
		// A standby that still reports, and one that has not for as long: only the first needs its rows.
		const needed = half + 10;
		await postgres().sql(
			`INSERT INTO banter_member (name, seq, at, clock) VALUES ('lags', ${needed}, now(), ${200 * HOUR}),
			('gone', 1, now() - interval '9 years', 0);
			UPDATE banter_owner SET clock = clock + ${49 * HOUR}`,
		);
		await until("up to its row, all are deleted", async () => (await first()) === needed);
		await trimmedAgain();
		assert.equal(await first(), needed);
		await postgres().sql(
			`DELETE FROM banter_member WHERE name = 'lags';
			UPDATE banter_owner SET clock = clock + ${49 * HOUR}`,
		);
		await until("the last one is left", async () => {
			const [[from, to]] = await postgres().sql("SELECT min(seq), max(seq) FROM banter_log");
			return Number(to) - Number(from) < 5; // the store's own work goes on
		});
		await load(machines, new Fleet(FLEET), 20);
	});

	test("stay for the newest backup, on whichever machine it was made, but not for ever", async (machines) => {
		const a = await machines.found("a", { LOG_KEEP: "2" });
		const b = await machines.join("b", a);
		const age = (hours) =>
			postgres().sql(`UPDATE banter_log SET at = now() - interval '9 years';
				UPDATE banter_owner SET clock = clock + ${hours * HOUR}`);
		const backup = () =>
			postgres()
				.value(`SELECT max(backup) FROM (SELECT backup FROM banter_owner
					UNION ALL SELECT backup FROM banter_member) AS known`)
				.then(Number);
		for (const machine of [a, b]) {
			await load(machines, new Fleet(FLEET), 100);
			await machines.equal(a, b);
			const [last, row] = [await backup(), await seqOf(machine)];
			const file = join(machine.dir, "newest.mdb");
			await machine.expectTool("backup", file);
			await until("the log knows the backup", async () => (await backup()) > last);
			assert.ok((await backup()) >= row);
			await load(machines, new Fleet(FLEET), 100);
			await age(49);
			await until("older rows are deleted", async () => (await first()) === (await backup()));
			await trimmedAgain();
			assert.equal(await first(), await backup());
			const restored = machines.add(`restored-${machine.name}`);
			await restored.expectTool("restore", "--force", file);
			await restored.start();
			await machines.equal(a, restored);
			await restored.stop();
			await postgres().sql(`DELETE FROM banter_member WHERE name = '${restored.name}'`);
		}
		await age(4 * 49);
		await until("all are deleted that the standby has", async () => {
			return (await seqOf(a)) - (await first()) < 5;
		});
	});

	test("are not older than their time if a version without the owners' clock wrote them", async (machines) => {
		const a = await machines.found("a", { LOG_KEEP: "2" });
		await load(machines, new Fleet(FLEET));
		const half = Math.floor((await seqOf(a)) / 2);
		// As after a downgrade and an upgrade, with a standby that is still of the other version.
		await postgres().sql(
			`UPDATE banter_log SET clock = 0;
			UPDATE banter_log SET at = now() - interval '49 hours' WHERE seq <= ${half};
			INSERT INTO banter_member (name, seq, at, clock) VALUES ('other', 10, now(), 0);
			UPDATE banter_owner SET clock = clock + ${99 * HOUR}`,
		);
		await until("its rows are deleted", async () => (await first()) === 10);
		await trimmedAgain();
		assert.equal(await first(), 10);
		await postgres().sql("DELETE FROM banter_member WHERE name = 'other'");
		await until("the older half is deleted", async () => (await first()) === half + 1);
		await trimmedAgain();
		assert.equal(await first(), half + 1);
	});
});

async function fillUnder(machines, a, filler) {
	const b = await machines.join("b", a);
	const fleet = new Fleet(FLEET);
	await fleet.runDuring(machines, async () => {
		await fleet.acknowledgedMore(50);
		fill(filler);
		await a.event("store_behind_log");
		assert.equal(await a.endOf(a.pid), EX_IOERR);
		await machines.owner(b);
		await fleet.acknowledgedMore(200);
	});
	const position = a.log.lines.length;
	await a.start();
	await a.event("log_failed", position);
	unlinkSync(filler);
	await a.event("log_works", position);
	await fleet.check(machines, { whole: true });
	await machines.equal(b, a);
	await a.stop();
	await assertWhole(a.dir);
}

describe("a commit log and a full disk", () => {
	const postgres = usePostgres();

	it(
		"lets another machine have what the owner could not write",
		withMachines(postgres, async (machines) => {
			const trouble = await withFileSystem("tmpfs", 32, async (disk) => {
				const dir = join(disk, "data");
				mkdirSync(dir);
				const a = await machines.found("a", { DATA_DIR: dir });
				try {
					await fillUnder(machines, a, join(disk, "filler"));
				} finally {
					await a.daemon.stop(); // before its disk is gone
				}
			});
			assert.equal(trouble, undefined);
		}),
	);
});
