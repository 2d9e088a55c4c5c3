// GET /v1/admin/events: each change of an organization is one event in every open page, in order, also over
// reconnects, restarts of the store and of workers.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openStream } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { TIME_FACTOR, times, until, useBanter } from "./harness.mjs";
import {
	ADMIN,
	addOrganization,
	adminExpect,
	openImporter,
	openVisitor,
	storeTurn,
	usePeer,
} from "./organizations.mjs";
import { memoryOf } from "./proc.mjs";

const PATH = "/v1/admin/events";
const contract = new Contract();

/** Opens a page's stream. after: the id of the last event that it has. */
async function open(banter, { query = "", headers = ADMIN, after } = {}) {
	const resume = after === undefined ? {} : { "last-event-id": after };
	const stream = await openStream(banter.url, PATH + query, { ...headers, ...resume });
	if (stream.status === 200) await until("the stream has its position", () => stream.sse.id !== "");
	return stream;
}

/** The next n events. */
async function take(stream, n) {
	const events = [];
	while (events.length < n) {
		const event = await stream.next();
		assert.ok(event, `the stream ended after ${events.length} of ${n} events`);
		events.push(event);
	}
	return events;
}

const shown = ({ kind, change }) => `${kind} ${change}`;

/** Checks a response as the document describes it. */
const check = (stream, body, method = "GET") =>
	contract.check(method, PATH, {
		status: stream.status,
		headers: stream.headers,
		bytes: Buffer.from(body),
	});

const TURN = ["message created", "reply complete"];

describe("the events of an organization", () => {
	const banter = useBanter({ env: { EVENT_STREAM_SILENCE_MS: "1000" }, workers: 2 });
	const store = usePeer(banter);
	const chat = async (session) =>
		assert.equal((await banter.chat(session, "[[tokens=1]]")).status, 200);

	it("reach every open page in the order of the changes, as documented", async () => {
		const pages = await times(6, () => open(banter));
		await chat("first");
		const { id } = await adminExpect(banter, 201, "POST", "agents", { name: "Events" });
		await adminExpect(banter, 200, "PUT", `agents/${id}`, { name: "Other" });
		await adminExpect(banter, 204, "DELETE", `agents/${id}`);
		await adminExpect(banter, 200, "DELETE", "visitors/first");
		for (const page of pages) {
			const events = await take(page, 7);
			assert.deepEqual(events.map(shown), [
				...["conversation created", ...TURN],
				...["agent created", "agent changed", "agent deleted"],
				"conversation deleted",
			]);
			assert.deepEqual(
				page.ids.map(Number),
				events.map(({ seq }) => seq),
			);
			assert.equal(events[1].conversationId, events[0].id);
			assert.equal(events[4].id, id);
			check(page, events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
			page.leave();
		}
		await until("the worker has noticed", async () => (await banter.metric("event_streams")) === 0);
	});

	it("are only of the kinds that are asked for; a silent stream gets its position", async () => {
		const page = await open(banter, { query: "?kinds=agent,reply" });
		const silent = await open(banter, { query: "?kinds=widget" });
		const before = Number(silent.sse.id);
		await chat("kinds");
		assert.deepEqual((await take(page, 1)).map(shown), ["reply complete"]);
		await until("its position is behind the events", () => Number(silent.sse.id) > before);
		for (const stream of [page, silent]) stream.leave();
	});

	it("are resumed without a gap or a repetition, page by page", async () => {
		const { headers } = await addOrganization(banter, "Many");
		const [{ widget_id }] = (await adminExpect(banter, 200, "GET", "widgets", undefined, headers))
			.widgets;
		const visitor = await openVisitor(store.peer, widget_id);
		const whole = await open(banter, { headers });
		const start = whole.sse.id;
		for (let i = 0; i < 120; i++) await storeTurn(visitor);
		const events = await take(whole, 241);
		for (const n of [0, 1, 40, 241]) {
			const after = n === 0 ? start : whole.ids[n - 1];
			const page = await open(banter, { headers, after });
			await storeTurn(visitor);
			events.push(...(await take(whole, 2)));
			assert.deepEqual(await take(page, events.length - n), events.slice(n));
			page.leave();
		}
		whole.leave();
	});

	it("are resumed by the parameter lastEventId, unless the header has a newer one", async () => {
		const whole = await open(banter);
		const start = whole.sse.id;
		await chat("parameter");
		const events = await take(whole, 3);
		const query = `?lastEventId=${start}`;
		const byParameter = await open(banter, { query });
		assert.deepEqual(await take(byParameter, 3), events);
		const byHeader = await open(banter, { query, after: whole.ids[1] });
		assert.deepEqual(await take(byHeader, 1), events.slice(2));
		for (const page of [whole, byParameter, byHeader]) page.leave();
	});

	it("of another organization are not seen", async () => {
		const [one, two] = [await addOrganization(banter, "One"), await addOrganization(banter, "Two")];
		const page = await open(banter, { headers: one.headers });
		const start = page.sse.id;
		await chat("theirs");
		for (const { headers } of [two, one])
			await adminExpect(banter, 201, "POST", "agents", { name: "Mine" }, headers);
		const resumed = await open(banter, { headers: one.headers, after: start });
		for (const stream of [page, resumed]) {
			const [event] = await take(stream, 1);
			const { agents } = await adminExpect(banter, 200, "GET", "agents", undefined, one.headers);
			assert.ok(agents.some(({ id }) => id === event.id));
			stream.leave();
		}
	});

	it("that are not kept any more, or are of another store, return 410", async () => {
		const page = await open(banter);
		for (const after of ["1", String(Number(page.sse.id) + 2 ** 40), "9007199254740991"]) {
			const { status, headers, json } = await open(banter, { after });
			assert.equal(status, 410);
			assert.equal(json.code, "events_gone");
			check({ status, headers }, JSON.stringify(json));
			const again = await open(banter, { after: String(json.newest) });
			assert.equal(again.status, 200);
			again.leave();
		}
		page.leave();
	});

	it("cannot be asked for with invalid parameters; HEAD has no events", async () => {
		const drive = (status, method, path, headers) =>
			contract.drive(banter, status, method, path, { headers: { ...ADMIN, ...headers } });
		for (const query of [
			...["?kinds=", "?kinds=message,", "?kinds=feed", "?kinds=Message"],
			...["?lastEventId=", "?lastEventId=x", `?lastEventId=${"1".repeat(17)}`],
		])
			await drive(400, "GET", PATH + query);
		for (const id of ["", "x", "-1", "1.5", "1".repeat(17)])
			await drive(400, "GET", PATH, { "last-event-id": id });
		await drive(200, "HEAD", PATH);
		contract.assertComplete("events");
	});

	it("end soon after the session has ended or the key was revoked", async () => {
		const { headers } = await addOrganization(banter, "Ending");
		const request = { name: "Events", kind: "admin" };
		const { id, key } = await adminExpect(banter, 201, "POST", "keys", request, headers);
		const byKey = await open(banter, { headers: { "x-admin-api-key": key } });
		const bySession = await open(banter, { headers });
		const byAdminKey = await open(banter);
		await adminExpect(banter, 204, "DELETE", `keys/${id}`, undefined, headers);
		assert.deepEqual(await byKey.rest(), []);
		await adminExpect(banter, 201, "POST", "agents", { name: "Still" }, headers);
		assert.deepEqual((await take(bySession, 1)).map(shown), ["agent created"]);
		assert.equal((await banter.request("POST", "/api/logout", { headers })).status, 200);
		assert.deepEqual(await bySession.rest(), []);
		await chat("still");
		assert.equal((await take(byAdminKey, 3)).length, 3);
		byAdminKey.leave();
	});

	it("a restart of the store neither ends a stream nor loses or repeats an event", async () => {
		const page = await open(banter);
		for (let i = 0; i < 3; i++) {
			await chat("restarts");
			const position = banter.log.lines.length;
			await banter.storaged.kill("SIGKILL");
			await banter.log.waitFor("the store is back", ({ ev }) => ev === "store_ready", position);
			await until("it answers", async () => (await banter.get("/health/ready")).status === 200);
		}
		const events = await take(page, 7);
		assert.deepEqual(events.map(shown), ["conversation created", ...TURN, ...TURN, ...TURN]);
		page.leave();
	});

	it("a page whose worker was killed resumes at another one", async () => {
		const page = await open(banter);
		await chat("killed");
		const events = await take(page, 3);
		const [worker] = await banter.workersOf([page.socket]);
		await banter.killWorkers([worker]);
		await assert.rejects(page.rest());
		await chat("killed");
		const again = await open(banter, { after: page.ids.at(-1) });
		events.push(...(await take(again, 2)));
		assert.deepEqual(events.map(shown), ["conversation created", ...TURN, ...TURN]);
		again.leave();
	});

	it("a reload ends the streams of the old workers, which are resumed", async () => {
		const page = await open(banter);
		const after = page.sse.id;
		await banter.reload();
		assert.deepEqual(await page.rest(), []);
		await chat("reloaded");
		const again = await open(banter, { after });
		assert.deepEqual((await take(again, 3)).map(shown), ["conversation created", ...TURN]);
		again.leave();
	});
});

describe("a page that stops reading its events", () => {
	const banter = useBanter({ workers: 1 });
	/** Their events are over 3 MB: more than what the kernel takes for a connection and what may be queued for it. */
	const CHANGES = 20_000;
	/** The queued output, in a buffer that grows by doubling, and what the worker needs for the other page. */
	const MEMORY_MAX = 1024 * 1024;
	const wasDropped = () => banter.log.lines.some(({ why }) => why === "slow_reader");

	it("is dropped, with bounded memory, and resumes without a gap; others get all events", async (t) => {
		const page = await open(banter);
		const stopped = await open(banter, { after: page.sse.id });
		const importer = await openImporter(banter);
		const [worker] = banter.workerPids();
		const before = memoryOf(worker);
		let most = 0;
		stopped.response.pause();
		for (let n = 0; n < CHANGES; n += 500) {
			await times(500, () => importer.add("contact", { name: "Somebody" }));
			await take(page, 500);
			most = Math.max(most, memoryOf(worker) - before);
		}
		importer.close();
		await until("the page is dropped", wasDropped);
		t.diagnostic(`${Math.round(most / 1024)} KiB at most`);
		// Sanitizers multiply the memory.
		if (TIME_FACTOR === 1) assert.ok(most < MEMORY_MAX, `${most} bytes`);

		stopped.response.resume();
		await assert.rejects(stopped.rest());
		const again = await open(banter, { after: stopped.ids.at(-1) ?? stopped.sse.id });
		await take(again, CHANGES - stopped.ids.length);
		assert.deepEqual([...stopped.ids, ...again.ids], page.ids);
		for (const stream of [page, again]) stream.leave();
	});
});
