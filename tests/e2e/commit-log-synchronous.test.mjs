// The commit log in a PostgreSQL with a synchronous standby: what only one of the two servers has is never
// acknowledged, also when PostgreSQL reports success for it.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Fleet } from "../faults/fleet.mjs";
import { until } from "./daemon.mjs";
import { FLEET, load, Machines, seqOf } from "./machines.mjs";
import { Postgres } from "./postgres.mjs";

const EX_DATAERR = 65;

/** Waits until a statement of this machine waits for the synchronous standby; resolves to its backend's pid. */
function waiting(postgres, name, statement = "INSERT INTO banter_log") {
	const sql =
		`SELECT pid FROM pg_stat_activity WHERE application_name = '${name}' ` +
		`AND wait_event = 'SyncRep' AND query LIKE '${statement}%'`;
	return until(`${name} waits in ${statement}`, async () => Number(await postgres.value(sql)));
}

/** SQL that calls a function with the backend of a machine as soon as its append waits for the standby. */
const whenWaiting = (name, how) => `DO $$ DECLARE found int; BEGIN LOOP
	PERFORM pg_stat_clear_snapshot();
	SELECT ${how}(pid)::int INTO found FROM pg_stat_activity WHERE application_name = '${name}'
		AND wait_event = 'SyncRep' AND query LIKE 'INSERT INTO banter_log%' LIMIT 1;
	EXIT WHEN found IS NOT NULL;
	IF clock_timestamp() > statement_timestamp() + interval '1 minute' THEN
		RAISE 'no append of ${name} waits for the standby';
	END IF;
	PERFORM pg_sleep(0.005);
END LOOP; END $$`;

/** Both servers, the second one after the first one is lost. */
const both = (...servers) =>
	`host=${servers.map(({ dir }) => dir).join(",")} user=banter dbname=postgres ` +
	"target_session_attrs=read-write";

describe("a commit log with a synchronous standby", () => {
	let postgres;
	let standby;
	let machines;

	beforeEach(async () => {
		postgres = await Postgres.start();
		standby = await postgres.addStandby();
		machines = new Machines({ url: both(postgres, standby) });
	});
	afterEach(async () => {
		await machines.remove();
		await postgres.remove();
	});

	async function end(fleet, ...all) {
		await fleet.check(machines, { whole: true });
		await machines.equal(...all);
		await machines.stop();
	}

	/** The primary is lost, and the standby takes its place. */
	async function promote() {
		await postgres.crash();
		if (!standby.daemon.running) await standby.launch();
		standby.thaw();
		await standby.promote();
	}

	it("acknowledges nothing while the standby is stopped, and everything once afterwards", async () => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		const seen = new Set();
		await fleet.runDuring(machines, async () => {
			await fleet.acknowledgedMore(50);
			standby.freeze();
			await a.event("log_lost");
			const acknowledged = fleet.acknowledged;
			// Many attempts, of which few stay in PostgreSQL.
			await until("a and b have tried again and again", async () => {
				const backends = [...(await postgres.backendsOf("a")), ...(await postgres.backendsOf("b"))];
				for (const pid of backends) seen.add(pid);
				assert.ok(backends.length <= 8, `${backends.length} connections`);
				return seen.size >= 12;
			});
			assert.equal(fleet.acknowledged, acknowledged);
			for (const one of [a, b]) {
				const count = one.events("log_failed").length;
				assert.ok(count <= 4, `${one.name}: ${count} times log_failed`);
				assert.equal(one.events("log_works").length, 0);
			}
			standby.thaw();
			await machines.owner(a, b);
			await fleet.acknowledgedMore(100);
		});
		await end(fleet, a, b);
	});

	for (const how of ["pg_cancel_backend", "pg_terminate_backend"])
		it(`loses nothing after ${how} of an append, and the promotion of a standby without it`, async () => {
			const a = await machines.found("a");
			const b = await machines.join("b", a);
			const fleet = new Fleet(FLEET);
			await fleet.runDuring(machines, async () => {
				await fleet.acknowledgedMore(50);
				// Within PostgreSQL, so that the owner still waits then, however busy this machine is.
				const ended = postgres.sql(whenWaiting("a", how));
				await standby.crash();
				await ended;
				const acknowledged = fleet.acknowledged;
				const { error } = await a.event("log_lost");
				assert.match(error, /notice|connection|terminat/, "not for lack of an answer");
				// PostgreSQL shows the row, which no other server has.
				await until("the row is visible", async () => {
					const last = await postgres.value("SELECT max(seq) FROM banter_log");
					return Number(last) > (await seqOf(a));
				});
				// The same with the statements by which they look whether they can go on.
				for (const name of ["a", "b"])
					await postgres.sql(
						`SELECT ${how}(${await waiting(postgres, name, "INSERT INTO banter_member")})`,
					);
				assert.equal(fleet.acknowledged, acknowledged);
				await promote();
				await machines.owner(a, b);
				await fleet.acknowledgedMore(100);
			});
			await end(fleet, a, b);
		});

	it("is not acknowledged by a statement_timeout", async () => {
		await postgres.sql("ALTER ROLE banter SET statement_timeout = '300ms'");
		const a = await machines.found("a");
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			await fleet.acknowledgedMore(50);
			await standby.crash();
			await waiting(postgres, "a");
			const lost = await a.event("log_lost");
			assert.match(lost.error, /no answer in time/);
			await standby.launch();
			await fleet.acknowledgedMore(50);
		});
		await end(fleet, a);
	});

	it("continues on the standby when the primary is lost", async () => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await fleet.runDuring(machines, async () => {
			await fleet.acknowledgedMore(100);
			await promote();
			await fleet.acknowledgedMore(100);
		});
		await end(fleet, a, b);
	});

	it("stops a store that has rows which PostgreSQL has lost", async () => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await load(machines, fleet, 50);
		await machines.equal(a, b);
		await b.stop();
		// As nobody should: without the standby, and without waiting for it.
		await standby.crash();
		await postgres.sql("ALTER SYSTEM SET synchronous_standby_names = ''");
		await postgres.sql("SELECT pg_reload_conf()");
		await load(machines, fleet, 50);
		const { pid } = a;
		await promote();
		await a.event("log_gap");
		assert.equal(await a.endOf(pid), EX_DATAERR);
		await b.start();
		await machines.owner(b);
		await machines.seed(a, b);
		await a.start();
		await load(machines, new Fleet(FLEET), 20);
		await machines.equal(b, a);
		await machines.stop();
	});
});
