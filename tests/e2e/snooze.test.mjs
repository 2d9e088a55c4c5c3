// Conversations that are put aside until a time, or until the visitor writes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openStream } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { until, useBanter } from "./harness.mjs";
import { ADMIN, addOrganization, adminExpect, assertFields } from "./organizations.mjs";

const contract = new Contract();

const DAY = 24 * 3600 * 1000;
const ANSWER = { until: null };

describe("a snoozed conversation", () => {
	const banter = useBanter({ workers: 2 });
	let sessions = 0;

	const drive = (status, method, path, body, headers = ADMIN) =>
		contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });
	const write = (session) => banter.chat(session, "hello");
	const snooze = async (id, snoozed) =>
		(await drive(200, "PUT", `conversations/${id}`, { snoozed })).json.conversation;
	const listed = async (query) =>
		(await drive(200, "GET", `conversations?${query}`)).json.conversations.map(({ _id }) => _id);
	const counts = async () => (await drive(200, "GET", "counts")).json;
	const isSnoozed = async (id) => (await banter.thread(id)).conversation.snoozed;

	/** A conversation that waits for a person. */
	async function waiting() {
		const session = `snooze-${++sessions}`;
		const { conversationId: id } = (await write(session)).json;
		await drive(200, "PUT", `conversations/${id}`, { state: "waiting" });
		return { id, session };
	}

	it("is in a list of its own until its time", async () => {
		const before = await counts();
		const { id } = await waiting();
		const stream = await openStream(banter.url, "/v1/admin/events?kinds=conversation", ADMIN);
		await until("the stream has its position", () => stream.sse.id !== "");
		const end = Date.now() + 2000;
		const conversation = await snooze(id, { until: end });
		assert.deepEqual(conversation.snoozed, { until: end });
		assert.equal(conversation.state, "waiting");
		assert.deepEqual(await listed("snoozed=true"), [id]);
		assert.ok(!(await listed("state=waiting")).includes(id));
		assert.ok(!(await listed("state=open,waiting,person")).includes(id));
		assert.ok((await listed("limit=200")).includes(id), "in the list of all");
		const now = await counts();
		assert.equal(now.snoozed, before.snoozed + 1);
		assert.equal(now.all, before.all + 1);
		for (const name of ["waiting", "open", "unassigned"]) assert.equal(now[name], before[name]);
		await until("it is back", async () => (await isSnoozed(id)) === null);
		assert.ok(Date.now() >= end);
		assert.deepEqual(await listed("snoozed=true"), []);
		assert.ok((await listed("state=waiting")).includes(id));
		for (const when of ["it goes", "it comes back"]) {
			const event = await stream.next();
			assert.deepEqual([event.id, event.change], [id, "snoozed"], when);
		}
		stream.leave();
	});

	it("is back when the visitor writes, a colleague says so, or it is resolved", async () => {
		const ways = [
			({ session }) => write(session),
			({ id }) => snooze(id, null),
			({ id }) => drive(200, "PUT", `conversations/${id}`, { state: "resolved" }),
		];
		for (const way of ways) {
			const one = await waiting();
			assert.deepEqual((await snooze(one.id, ANSWER)).snoozed, ANSWER);
			await way(one);
			assert.equal(await isSnoozed(one.id), null);
		}
		assert.equal((await counts()).snoozed, 0);
	});

	it("stays so after storaged was killed, and is back in time", async () => {
		const [{ id }, { id: other }] = [await waiting(), await waiting()];
		await snooze(id, { until: Date.now() + 1500 });
		await snooze(other, ANSWER);
		await banter.storaged.kill("SIGKILL");
		await until("it is back", async () => (await isSnoozed(id)) === null);
		assert.deepEqual(await isSnoozed(other), ANSWER);
		await snooze(other, null);
	});

	it("may be one of many", async () => {
		const ones = [await waiting(), await waiting()];
		const done = await waiting();
		await drive(200, "PUT", `conversations/${done.id}`, { state: "resolved" });
		const ids = [...ones, done].map(({ id }) => id);
		const change = { snoozed: { until: Date.now() + DAY } };
		const { json } = await drive(200, "POST", "conversations/bulk", { ids, change });
		assert.deepEqual(
			json.results.map(({ status, code }) => [status, code]),
			[
				[200, undefined],
				[200, undefined],
				[409, "resolved"],
			],
		);
		assert.deepEqual(new Set(await listed("snoozed=true")), new Set(ids.slice(0, 2)));
		await drive(200, "POST", "conversations/bulk", { ids, change: { snoozed: null } });
		assert.deepEqual(await listed("snoozed=true"), []);
	});

	it("is refused at a wrong time, with what would be right", async () => {
		const { id } = await waiting();
		const wrong = [
			{},
			{ until: 0 },
			{ until: Date.now() - 1000 },
			{ until: Date.now() + 367 * DAY },
			{ until: "tomorrow" },
			{ until: null, more: 1 },
		];
		for (const snoozed of wrong) {
			const answer = await drive(422, "PUT", `conversations/${id}`, { snoozed });
			assertFields(answer, ["snoozed"]);
			assert.equal(
				answer.json.fields.snoozed,
				"must be null, or an object with until: a time in milliseconds since 1970 that is later than now and at " +
					"most a year ahead, or null, until the visitor writes",
			);
			const bulk = { ids: [id], change: { snoozed } };
			assertFields(await drive(422, "POST", "conversations/bulk", bulk), ["change.snoozed"]);
		}
		await drive(422, "PUT", `conversations/${id}`, { snoozed: 1 });
		await drive(400, "GET", "conversations?snoozed=no");
		assert.equal(await isSnoozed(id), null);
		await drive(200, "PUT", `conversations/${id}`, { state: "resolved" });
		await drive(409, "PUT", `conversations/${id}`, { snoozed: ANSWER });
		await drive(200, "PUT", `conversations/${id}`, { state: "open", snoozed: ANSWER });
		assert.deepEqual(await isSnoozed(id), ANSWER);
	});

	it("of another organization is not found", async () => {
		const { headers } = await addOrganization(banter, "Others");
		const { id } = await waiting();
		await drive(404, "PUT", `conversations/${id}`, { snoozed: ANSWER }, headers);
		assert.equal(await isSnoozed(id), null);
		assert.equal((await adminExpect(banter, 200, "GET", "counts", undefined, headers)).snoozed, 0);
	});
});
