// Whether a widget is on a site: origins of pages that load it, by every way, and its use today.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Contract } from "./contract.mjs";
import { until, useBanter, WIDGET_KEY } from "./harness.mjs";
import { ADMIN, connectToStore, NOBODY, openVisitor, storeTurn, WIDGET } from "./organizations.mjs";
import { expectTool } from "./tool.mjs";
import { avoidMidnight, configPath, makeWidget, settingsPath, Visitor } from "./visitors.mjs";

const contract = new Contract();

describe("the status of a widget", () => {
	const banter = useBanter({ env: { CORS_ORIGIN: "https://keyed.example" } });
	const status = async (id) =>
		(await contract.drive(banter, 200, "GET", `/v1/admin/widgets/${id}/status`, { headers: ADMIN }))
			.json;
	const origins = async (id) => (await status(id)).origins.map(({ origin }) => origin);
	/** Waits until the widget was seen on these origins, in any order. */
	const seenOn = (id, wanted) =>
		until(`sightings on ${wanted}`, async () => {
			const now = await origins(id);
			return now.length === wanted.length && wanted.every((one) => now.includes(one));
		});

	it("has the origins of the pages that load it", async () => {
		const widget = await makeWidget(banter);
		const fresh = { enabled: true, messagesToday: 0, dailyMessageCap: null };
		assert.deepEqual(await status(widget.id), { ...fresh, lastSeenAt: null, origins: [] });
		const load = (path, origin) => banter.get(path(widget), origin ? { origin } : {});
		for (const [path, origin] of [
			[configPath, "https://config.example"],
			[settingsPath, "https://settings.example:8443"],
			[settingsPath, "null"],
			[settingsPath],
		])
			assert.equal((await load(path, origin)).status, 200);
		await seenOn(widget.id, ["https://config.example", "https://settings.example:8443"]);
		const visitor = await Visitor.open(banter, widget, { origin: "https://socket.example" });
		await seenOn(widget.id, [
			"https://config.example",
			"https://settings.example:8443",
			"https://socket.example",
		]);
		await visitor.close();
		const { lastSeenAt, origins: all } = await status(widget.id);
		assert.equal(lastSeenAt, all[0].lastSeenAt);
		assert.ok(Math.abs(Date.now() - lastSeenAt) < 60_000);
	});

	it("has no origin that the widget refuses", async () => {
		const widget = await makeWidget(banter, { allowed_origins: ["https://mine.example"] });
		for (const [origin, expected] of [
			["https://other.example", 403],
			["https://mine.example", 200],
		])
			assert.equal((await banter.get(settingsPath(widget), { origin })).status, expected);
		await seenOn(widget.id, ["https://mine.example"]);
	});

	it("has the origin of a page with a key, and keeps it over a restart of the store", async () => {
		const load = (origin) => banter.get("/v1/chat/settings", { origin, "x-api-key": WIDGET_KEY });
		assert.equal((await load("https://keyed.example")).status, 200);
		await seenOn(WIDGET, ["https://keyed.example"]);
		const { lastSeenAt } = await status(WIDGET);
		await banter.stopStore();
		banter.startStore();
		await banter.ready();
		assert.deepEqual(await origins(WIDGET), ["https://keyed.example"]);
		assert.equal((await status(WIDGET)).lastSeenAt, lastSeenAt);
	});

	it("is on disk once an hour, and goes with the widget", async () => {
		const widget = await makeWidget(banter);
		for (const origin of ["https://first.example", "https://second.example"])
			assert.equal((await banter.get(settingsPath(widget), { origin })).status, 200);
		await seenOn(widget.id, ["https://first.example", "https://second.example"]);
		await banter.stopStore();
		banter.startStore();
		await banter.ready();
		assert.equal((await origins(widget.id)).length, 1, "the second one cost no write");
		const gone = await banter.request("DELETE", `/v1/admin/widgets/${widget.id}`, {
			headers: ADMIN,
		});
		assert.equal(gone.status, 204);
		await banter.stopStore();
		await expectTool(banter, 0, "verify");
		banter.startStore();
		await banter.ready();
	});

	it("has the origin of a conversation's page, the messages of today and the cap", async () => {
		await avoidMidnight();
		const widget = await makeWidget(banter, { daily_message_cap: 7, enabled: true });
		const peer = await connectToStore(banter);
		await storeTurn(await openVisitor(peer, widget.widget_id));
		peer.close();
		const { messagesToday, dailyMessageCap } = await status(widget.id);
		assert.deepEqual([messagesToday, dailyMessageCap], [1, 7]);
		const page = { url: "https://told.example/cart", title: "Cart" };
		const headers = { "x-api-key": WIDGET_KEY };
		const body = { sessionId: "told", message: "[[tokens=1]]", page };
		assert.equal((await banter.request("POST", "/v1/chat", { headers, body })).status, 200);
		assert.ok((await origins(WIDGET)).includes("https://told.example"));
	});

	it("is refused with each documented status", async () => {
		for (const [code, id] of [
			[404, NOBODY],
			[400, "x"],
		])
			await contract.drive(banter, code, "GET", `/v1/admin/widgets/${id}/status`, {
				headers: ADMIN,
			});
	});
});

it("shows every documented status", () => contract.assertComplete("widget-status"));
