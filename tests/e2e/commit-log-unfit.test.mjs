// A machine that owns the commit log, or could, and whose store is full or damaged.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Fleet } from "../faults/fleet.mjs";
import { damageAll } from "../faults/pages.mjs";
import { until } from "./daemon.mjs";
import { FLEET, load, usePostgres, withMachines } from "./machines.mjs";

const SMALL = { STORE_MAX_BYTES: "2M" };

describe("an owner whose store cannot be written", () => {
	const postgres = usePostgres();
	const test = (name, body) => it(name, withMachines(postgres, body));
	const epoch = () => postgres().value("SELECT epoch FROM banter_owner").then(Number);

	test("gives up when it is full, and owns the log again only without the others", async (machines) => {
		const a = await machines.found("a", SMALL);
		const [b, c] = [await machines.join("b", a), await machines.join("c", a)];
		const fleet = new Fleet({ ...FLEET, refused: true });
		await fleet.runDuring(machines, async () => {
			const { why } = await a.event("owner_gives_up");
			assert.match(why, /cannot be written/);
			const owner = await machines.owner(b, c);
			await fleet.acknowledgedMore(100);
			const refused = await owner.tool("handover", "a");
			assert.match(refused.stderr, /the store of a is full: nothing has changed/);
			const other = owner === b ? c : b;
			await owner.kill();
			await machines.owner(other);
			assert.equal(a.events("log_owner").length, 1);
			await other.kill();
			await machines.owner(a);
			await other.start();
			await machines.owner(other);
			await owner.start();
			await fleet.acknowledgedMore(100);
		});
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b, c);
	});

	test("keeps the ownership where all are full", async (machines) => {
		const a = await machines.found("a", SMALL);
		const b = await machines.join("b", a, SMALL);
		const fleet = new Fleet({ ...FLEET, refused: true });
		await fleet.runDuring(machines, async () => {
			await a.event("owner_unfit");
			assert.equal(a.events("owner_gives_up").length, 0);
		});
		assert.equal(await epoch(), 1);
		await fleet.check(machines, { whole: true });
		await machines.equal(a, b);
	});

	// A standby that is dead, but whose last report seems to come: PostgreSQL's clock was set back.
	test("offers the ownership once in 30 s, and has no error when it is writable again", async (machines) => {
		const a = await machines.found("a", SMALL);
		const fleet = new Fleet({ ...FLEET, refused: true });
		await postgres().value(
			"INSERT INTO banter_member (name, seq, at) VALUES ('ghost', 1000000000, now() + interval '1 hour')",
		);
		await fleet.runDuring(machines, () => a.event("hand_over_failed"));
		assert.match((await a.status()).log_error, /^ghost did not take over/);
		for (const { session } of fleet.visitors.slice(0, 20))
			await a.tool("erase", "--session", session, "--yes");
		await a.event("store_writable");
		await until("the status has no error", async () => (await a.status()).log_error === "");
		assert.equal(a.events("owner_gives_up").length, 1);
	});

	test("gives up when it is damaged, and stays a standby that can be asked", async (machines) => {
		const a = await machines.found("a");
		const b = await machines.join("b", a);
		const fleet = new Fleet(FLEET);
		await load(machines, fleet);
		await machines.equal(a, b);
		damageAll(join(a.dir, "data.mdb"));
		await a.tool("widget", "list"); // which finds it
		const { why } = await a.event("owner_gives_up");
		assert.match(why, /damaged/);
		await machines.owner(b);
		await load(machines, fleet, 100);
		await a.event("standby_damaged");
		assert.match((await a.status()).log_error, /damaged/);
		assert.match((await b.tool("handover")).stderr, /the store of a is damaged/);
		// Nobody else is there.
		await b.kill();
		await b.start();
		await machines.owner(b);
		await load(machines, fleet, 100);
		assert.equal(a.events("log_owner").length, 1);
		await fleet.check(machines, { whole: true });
		await a.stop();
		await machines.seed(a, b);
		await a.start();
		await load(machines, fleet, 20);
		await machines.equal(a, b);
	});

	test("is followed by a standby that is not damaged", async (machines) => {
		const a = await machines.found("a");
		const [b, c] = [await machines.join("b", a), await machines.join("c", a)];
		const fleet = new Fleet(FLEET);
		await load(machines, fleet);
		await machines.equal(a, b, c);
		damageAll(join(b.dir, "data.mdb"));
		await load(machines, fleet, 20);
		await b.event("standby_damaged");
		await a.kill();
		await machines.owner(b, c);
		assert.ok(await c.is("OWNER"));
		await load(machines, fleet, 20);
		assert.ok(await b.is("STANDBY"), "it runs, and says that it is damaged");
		await fleet.check(machines, { whole: true });
		await b.stop();
		await machines.seed(b, c);
	});
});
