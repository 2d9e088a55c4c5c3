// GET /v1/admin/numbers. What counts when, and that it survives kills, is tested in
// tests/unit/storaged/numbers and by `banter verify` in tests/faults.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { Contract } from "./contract.mjs";
import { useBanter } from "./harness.mjs";
import {
	ADMIN,
	AGENT,
	addOrganization,
	adminExpect,
	NOBODY,
	openVisitor,
	storeTurn,
	usePeer,
	WIDGET,
} from "./organizations.mjs";
import { expectTool } from "./tool.mjs";

const contract = new Contract();
const PATH = "/v1/admin/numbers";
const DAY_MS = 24 * 3600 * 1000;
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

describe("numbers", () => {
	const banter = useBanter();
	const store = usePeer(banter);
	const drive = async (status, query, headers = ADMIN) =>
		(await contract.drive(banter, status, "GET", `${PATH}?${query}`, { headers })).json;
	const rows = async (query, headers) => (await drive(200, query, headers)).rows;
	let started;

	/** Everything that was counted, whatever the day: midnight may have passed. */
	const sums = {
		conversations: 4,
		messages: 7,
		messagesByRole: { user: 4, assistant: 3, operator: 0 },
		replies: { complete: 1, stopped: 1, interrupted: 1, failed: 0 },
		handovers: 0,
		ratings: { up: 0, down: 0 },
	};

	/** The sum of some rows, as far as `sums` has members. */
	function total(some) {
		const add = (a, b) =>
			typeof b === "number"
				? (a ?? 0) + b
				: Object.fromEntries(Object.keys(b).map((key) => [key, add(a?.[key], b[key])]));
		const pick = (row) => Object.fromEntries(Object.keys(sums).map((key) => [key, row[key]]));
		return some.map(pick).reduce(add, undefined);
	}

	before(async () => {
		started = Date.now();
		const own = await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`);
		for (const how of [{ status: 1 }, { status: 2 }])
			await storeTurn(await openVisitor(store.peer, own.widget_id), how);
		await banter.chat("by-key", "[[tokens=3]]");
		const other = await adminExpect(banter, 201, "POST", "widgets", { name: "Other" });
		await storeTurn(await openVisitor(store.peer, other.widget_id), { open: true });
	});

	it("are the sums of all days, of all hours and of all widgets", async () => {
		for (const by of ["day", "hour", "widget"]) {
			const some = await rows(`by=${by}`);
			assert.deepEqual(total(some), sums, by);
		}
	});

	it("name their days and hours", async () => {
		for (const { day } of await rows(""))
			assert.ok(day >= dayOf(started) && day <= dayOf(Date.now()));
		for (const { hour } of await rows("by=hour"))
			assert.ok(hour % 3600000 === 0 && hour <= Date.now() && hour > started - 3600000);
	});

	it("by agent are derived from the replies", async () => {
		const [row, ...others] = await rows("by=agent");
		assert.deepEqual(others, []);
		assert.equal(row.agentId, AGENT);
		const messagesByRole = { user: 3, assistant: 3, operator: 0 };
		assert.deepEqual(total([row]), { ...sums, conversations: 3, messages: 6, messagesByRole });
		assert.ok(row.tokensOut > 0 && row.tokensIn > 0);
	});

	/** The tokens of the models of some rows, by name. */
	const modelsOf = (some) => {
		const sums = {};
		for (const { model, tokensIn, tokensOut } of some.flatMap(({ models }) => models)) {
			sums[model] ??= [0, 0];
			sums[model][0] += tokensIn;
			sums[model][1] += tokensOut;
		}
		return sums;
	};

	it("name the models that wrote the replies, whose tokens are those of the row", async () => {
		for (const by of ["day", "hour", "widget", "agent"])
			for (const row of await rows(`by=${by}`)) {
				const sums = Object.values(modelsOf([row]));
				for (const [i, tokens] of [row.tokensIn, row.tokensOut].entries())
					assert.equal(
						sums.reduce((sum, pair) => sum + pair[i], 0),
						tokens,
						by,
					);
			}
		const { null: unknown, ...known } = modelsOf(await rows("by=day"));
		assert.deepEqual(Object.keys(known), ["gpt-4.1-mini"]);
		assert.ok(known["gpt-4.1-mini"][1] >= 3, `of the reply by key; unknown: ${unknown}`);
	});

	it("of one widget or agent are the rows of all, filtered", async () => {
		const byWidget = await rows("by=widget");
		assert.equal(byWidget.length, 2);
		for (const { widgetId, ...all } of byWidget)
			for (const by of ["day", "hour"])
				assert.deepEqual(total(await rows(`by=${by}&widgetId=${widgetId}`)), total([all]));
		const [agent] = await rows("by=agent");
		for (const by of ["day", "hour"])
			assert.deepEqual(total(await rows(`by=${by}&agentId=${AGENT}`)), total([agent]));
		const both = await rows(`by=widget&agentId=${AGENT}`);
		assert.deepEqual([both[0].widgetId, total(both)], [WIDGET, total([agent])]);
		for (const query of [`widgetId=${NOBODY}`, `agentId=${NOBODY}`])
			assert.deepEqual(await rows(query), []);
	});

	it("of other days are not there, nor those of another organization", async () => {
		const yesterday = dayOf(started - DAY_MS);
		assert.deepEqual(await rows(`from=2020-02-29&to=2020-03-01`), []);
		assert.deepEqual(await rows(`from=2024-01-01&to=${yesterday}`), []);
		const { headers } = await addOrganization(banter, "Other");
		for (const by of ["day", "hour", "widget", "agent"])
			assert.deepEqual(await rows(`by=${by}`, headers), []);
	});

	it("stay when a conversation is erased", async () => {
		const { conversations } = await adminExpect(banter, 200, "GET", "conversations");
		const models = modelsOf(await rows(""));
		for (const { _id } of conversations)
			await adminExpect(banter, 204, "DELETE", `conversations/${_id}`);
		assert.deepEqual(total(await rows("")), sums);
		assert.deepEqual(modelsOf(await rows("")), models);
		const file = join(banter.dir, "kept.jsonl");
		await expectTool(banter, 0, "export", "--output", file);
		const lines = readFileSync(file, "utf8")
			.split("\n")
			.filter((line) => line.includes('"gpt-4.1-mini'));
		assert.ok(
			lines.some((line) => line.includes(`[${models["gpt-4.1-mini"]}]`)),
			`an export has the kept tokens of the models: ${lines}`,
		);
	});

	it("count a conversation a second time when it is erased and imported again", async () => {
		const { conversationId } = (await banter.chat("again", "[[tokens=1]]")).json;
		const { conversations, messages } = total(await rows(""));
		const file = join(banter.dir, "export.jsonl");
		await expectTool(banter, 0, "export", "--output", file);
		await adminExpect(banter, 204, "DELETE", `conversations/${conversationId}`);
		await expectTool(banter, 0, "import", file);
		const now = total(await rows(""));
		assert.deepEqual([now.conversations, now.messages], [conversations + 1, messages + 2]);
		await adminExpect(banter, 200, "GET", `conversations/${conversationId}`);
	});

	it("cannot be asked for with invalid parameters", async () => {
		for (const query of [
			...["from=", "from=2026-1-1", "from=2026-02-30", "from=1969-12-31", "from=%202026-01-1"],
			...["to=today", "to=2026-01-01T00", "from=2026-02-01&to=2026-01-31"],
			...["from=2020-01-01&to=2023-01-05", "by=", "by=month", "by=day&by=day"],
			...["widgetId=", "widgetId=x", "agentId=0"],
		])
			await drive(400, query);
		await drive(200, "from=2020-01-01&to=2023-01-04");
		contract.assertComplete("numbers");
	});
});
