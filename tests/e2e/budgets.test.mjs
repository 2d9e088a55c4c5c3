// GET and PUT /v1/admin/budgets, and what a spent budget does. The estimates, and what restarts and
// interruptions do to a reservation, are tested in tests/unit/storaged/budgets.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openStream } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { until, useBanter } from "./harness.mjs";
import { ADMIN, addOrganization, adminExpect, WIDGET } from "./organizations.mjs";
import { SSE } from "./replies.mjs";
import { avoidMidnight, makeWidget, Visitor } from "./visitors.mjs";

const contract = new Contract();
const PATH = "/v1/admin/budgets";

describe("budgets", () => {
	const banter = useBanter({ env: { BUDGET_SHARE: "0" } });
	before(avoidMidnight);
	const drive = async (status, method, body, headers = ADMIN) =>
		(await contract.drive(banter, status, method, PATH, { headers, body })).json;

	it("are none at first", async () =>
		assert.deepEqual(await drive(200, "GET"), { organization: null, widgets: {} }));

	it("count what was spent before they were set", async () => {
		const { json } = await banter.chat("before", "[[tokens=3]]");
		const spent = json.usage.promptTokens + json.usage.completionTokens;
		const set = await drive(200, "PUT", { organization: { dailyTokens: 100_000 } });
		const organization = {
			dailyTokens: 100_000,
			monthlyTokens: null,
			today: spent,
			thisMonth: spent,
			reserved: 0,
		};
		assert.deepEqual(set, { organization, widgets: {} });
	});

	it("count what replies use, and can be sent back as they were read", async () => {
		const before = await drive(200, "GET");
		const { json } = await banter.chat("after", "[[tokens=3]]");
		const spent = json.usage.promptTokens + json.usage.completionTokens;
		const after = await drive(200, "GET");
		assert.equal(after.organization.today, before.organization.today + spent);
		assert.equal(after.organization.reserved, 0);
		assert.deepEqual(await drive(200, "PUT", after), after);
	});

	it("refuse a message without calling the model when they are spent", async () => {
		for (const of of [
			{ organization: { dailyTokens: 1 } },
			{ widgets: { [WIDGET]: { monthlyTokens: 1 } } },
		]) {
			await drive(200, "PUT", of);
			const { status, json } = await banter.chat("spent", "too much [[tokens=3]]");
			assert.equal(status, 429);
			assert.equal(json.code, "budget_exceeded");
		}
		assert.equal(await banter.modelCalls("too much"), 0);
		await drive(200, "PUT", { organization: null });
		assert.equal((await banter.chat("spent", "[[tokens=3]]")).status, 200);
	});

	describe("that are spent", () => {
		const budget_text = "We answer again tomorrow.";
		const refused = { error: budget_text, code: "budget_exceeded" };
		before(async () => {
			await adminExpect(banter, 200, "PUT", `widgets/${WIDGET}`, { budget_text });
			await drive(200, "PUT", { organization: { dailyTokens: 1 } });
		});
		after(() => drive(200, "PUT", { organization: null }));

		for (const [format, headers] of [
			["NDJSON", {}],
			["server-sent events", SSE],
		])
			it(`refuse a message with the widget's text to a client of ${format}`, async () => {
				const { status, json } = await banter.stream("spent", "no", { headers });
				assert.deepEqual([status, json], [429, refused]);
			});

		it("refuse a message with the widget's text as JSON", async () => {
			const { status, json } = await banter.chat("spent", "no");
			assert.deepEqual([status, json], [429, refused]);
		});

		it("refuse a message with the widget's text over a WebSocket", async () => {
			const widget = await makeWidget(banter, { budget_text: "Not today." });
			const visitor = await Visitor.open(banter, widget, { stream: true });
			visitor.say("no", "id");
			await visitor.isRefused("budget_exceeded", "id", "Not today.");
			await visitor.close();
		});
	});

	for (const [period, member] of [
		["day", "dailyTokens"],
		["month", "monthlyTokens"],
	])
		it(`tell of a ${period} that the half, the most and then all is used, once each`, async () => {
			const { organization } = await drive(200, "PUT", { organization: { [member]: 1_000_000 } });
			const stream = await openStream(banter.url, "/v1/admin/events?kinds=budget", ADMIN);
			await until("the stream has its position", () => stream.sse.id !== "");
			await drive(200, "PUT", { organization: { [member]: 2 * organization.today + 12_000 } });
			let answer;
			for (let i = 0; answer?.status !== 429; i++)
				answer = await banter.chat(`${period}-${i}`, "[[tokens=1000]]");
			for (const change of ["half", "most", "reached"]) {
				const event = await stream.next();
				assert.deepEqual([event.kind, event.change, event.period], ["budget", change, period]);
			}
			stream.leave();
			await drive(200, "PUT", { organization: null });
		});

	it("name what is invalid", async () => {
		const { fields } = await drive(422, "PUT", {
			organization: { dailyTokens: -1 },
			widgets: { x: {} },
		});
		assert.match(fields["organization.dailyTokens"], /from 1 to/);
		assert.match(fields.widgets, /ids of the organization/);
	});

	it("are of one organization", async () => {
		const other = await addOrganization(banter, "Other");
		const own = { organization: { dailyTokens: 5 } };
		await drive(200, "PUT", own, other.headers);
		assert.deepEqual(await drive(200, "GET"), { organization: null, widgets: {} });
		await drive(422, "PUT", { widgets: { [WIDGET]: { dailyTokens: 1 } } }, other.headers);
	});

	it("must be JSON", async () => {
		await drive(400, "PUT", "[]");
		await drive(413, "PUT", "x".repeat(262145));
		contract.assertComplete("budgets");
	});
});
