// Returning to a backup on machines that share a commit log.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Fleet } from "../faults/fleet.mjs";
import { FLEET, load, usePostgres, withMachines } from "./machines.mjs";

const conversations = async (machine) => {
	const { stdout } = await machine.expectTool("export");
	return stdout.split("\n").filter((line) => line.includes('"kind":"conversation"')).length;
};

const EX_DATAERR = 65;

describe("a backup of a store with a commit log", () => {
	const postgres = usePostgres();

	it(
		"comes back without what was written after it, when it begins a new log",
		withMachines(postgres, async (machines) => {
			const a = await machines.found("a");
			const b = await machines.join("b", a);
			await load(machines, new Fleet(FLEET));
			const file = join(a.dir, "monday.mdb");
			await a.expectTool("backup", file);
			const before = await conversations(a);
			await load(machines, new Fleet(FLEET));
			const after = await conversations(a);
			assert.ok(after > before);
			await b.stop();

			// Alone, it returns to nothing, and says so.
			await a.stop();
			const { stderr } = await a.expectTool("restore", "--force", file);
			assert.match(stderr, /several machines have this store: .* use --new-log/);
			await a.start();
			await machines.owner(a);
			assert.equal(await conversations(a), after);

			// The log of other machines is not overwritten.
			await a.stop();
			await a.expectTool("restore", "--force", "--new-log", file);
			assert.equal(await a.endsWith("log_not_seeded"), EX_DATAERR);

			await postgres().sql("DROP TABLE banter_log, banter_owner, banter_member");
			await a.start();
			await machines.owner(a);
			assert.equal(await conversations(a), before);
			await machines.seed(b, a);
			await b.start();
			await machines.standby(b);
			await load(machines, new Fleet(FLEET), 20);
			await machines.equal(a, b);
			rmSync(file);
		}),
	);
});
