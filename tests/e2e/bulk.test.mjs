// One request for many conversations: a change, a deletion with its undo, and an export, with one result for each.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { dashed, newId } from "../faults/ids.mjs";
import { addUser, logIn } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { until, useBanter } from "./harness.mjs";
import {
	ADMIN,
	addOrganization,
	adminExpect,
	assertFields,
	bare,
	NOBODY,
	ORG,
	usePeer,
	WIDGET,
} from "./organizations.mjs";

const contract = new Contract();

/** As many as one request may have. */
const MOST = 1000;

describe("many conversations", () => {
	const banter = useBanter({ workers: 2 });
	const store = usePeer(banter);
	let anna, member, me, tag;

	const send = (status, what, body, headers = ADMIN) =>
		contract.drive(banter, status, "POST", `/v1/admin/conversations/${what}`, { headers, body });
	const bulk = async (body, headers) => (await send(200, "bulk", body, headers)).json;
	const statuses = async (body, headers) =>
		(await bulk(body, headers)).results.map(({ status }) => status);
	const read = async (id) => (await banter.thread(id)).conversation;
	const exists = async (id) =>
		(await banter.get(`/v1/admin/conversations/${id}?limit=1`, ADMIN)).status === 200;

	/** A conversation of a session of its own; resolves to its id. */
	async function storeOne(session = `s-${newId()}`) {
		const turn = newId();
		const { conversation } = await store.peer.ask(
			"turn_begin",
			{
				...{ org: bare(ORG), widget: bare(WIDGET), session, text: "a question", history: 1 },
				...{ conversation: newId(), message: newId(), turn },
			},
			"turn_begun",
		);
		await store.peer.ask("turn_finish", { turn, run: turn, status: 0, text: "an answer" }, "ok");
		return dashed(conversation);
	}
	const some = (count) => Promise.all(Array.from({ length: count }, () => storeOne()));

	before(async () => {
		anna = await logIn(banter, await addUser(banter, "anna@bulk.example"));
		member = await logIn(banter, await addUser(banter, "joe@bulk.example", "--member"));
		me = (await adminExpect(banter, 200, "GET", "me", undefined, anna)).user.id;
		tag = (await adminExpect(banter, 201, "POST", "tags", { name: "Spring", color: "#fff" })).id;
	});

	it("are changed by one request, which has a result for each, in their order", async () => {
		const ids = await some(3);
		const change = { state: "waiting", assignedTo: me, addTags: [tag] };
		const body = { ids: [ids[0], NOBODY, ids[1], ids[0], ids[2]], change };
		assert.deepEqual(await bulk(body), {
			results: [
				{ id: ids[0], status: 200 },
				{ id: NOBODY, status: 404, code: "not_found", error: "Conversation not found" },
				{ id: ids[1], status: 200 },
				{ id: ids[2], status: 200 },
			],
		});
		for (const id of ids) {
			const { state, assignedTo, tags } = await read(id);
			assert.deepEqual([state, assignedTo, tags], ["waiting", me, [tag]]);
		}
		assert.deepEqual(await statuses({ ids, change: { read: true } }, anna), [200, 200, 200]);
		const unread = await adminExpect(
			...[banter, 200, "GET", "conversations?unread=true&limit=200", undefined, anna],
		);
		assert.ok(!unread.conversations.some(({ _id }) => ids.includes(_id)));
	});

	it("that cannot be changed do not stop the others", async () => {
		const [held, full, free] = await some(3);
		await adminExpect(banter, 200, "POST", `conversations/${held}/takeover`, {}, anna);
		const tags = [];
		for (let i = 0; i < 32; i++)
			tags.push(
				(await adminExpect(banter, 201, "POST", "tags", { name: `T${i}`, color: "#fff" })).id,
			);
		await adminExpect(banter, 200, "PUT", `conversations/${full}`, { tags });
		const { results } = await bulk({
			ids: [held, full, free],
			change: { state: "open", addTags: [tag] },
		});
		assert.deepEqual(
			results.map(({ status, code }) => [status, code]),
			[
				[409, "taken"],
				[422, "tags_many"],
				[200, undefined],
			],
		);
		assert.equal((await read(held)).state, "person");
		assert.deepEqual((await read(held)).tags, []);
		assert.deepEqual((await read(free)).tags, [tag]);
	});

	it("of another organization are not found, and stay unchanged", async () => {
		const { headers } = await addOrganization(banter, "Others");
		const [id] = await some(1);
		assert.deepEqual(await statuses({ ids: [id], change: { state: "resolved" } }, headers), [404]);
		assert.deepEqual(await statuses({ ids: [id], delete: true }, headers), [404]);
		const { undoUntil } = await bulk({ ids: [id], delete: true, undoMs: 60_000 });
		assert.deepEqual(await statuses({ ids: [id], keep: undoUntil }, headers), [404]);
		assert.deepEqual(await statuses({ ids: [id], keep: undoUntil }), [200]);
		assert.equal((await read(id)).state, "open");
		const { json } = await send(200, "export", { ids: [id] }, headers);
		assert.deepEqual(json, { conversations: [] });
	});

	it("may be as many as a thousand", async () => {
		const ids = [];
		while (ids.length < MOST) ids.push(...(await some(50)));
		const { results } = await bulk({ ids, change: { state: "resolved" } });
		assert.deepEqual(
			results,
			ids.map((id) => ({ id, status: 200 })),
		);
		const counts = await adminExpect(banter, 200, "GET", "counts");
		assert.ok(counts.resolved >= MOST, String(counts.resolved));
		assert.deepEqual(new Set(await statuses({ ids, delete: true })), new Set([200]));
		assert.equal(
			(await adminExpect(banter, 200, "GET", "counts")).resolved,
			counts.resolved - MOST,
		);
		assert.deepEqual(new Set(await statuses({ ids, delete: true })), new Set([404]));
	});

	it("are refused as a whole if the request is wrong", async () => {
		const [id] = await some(1);
		const wrong = async (body, fields) => assertFields(await send(422, "bulk", body), fields);
		await wrong({}, ["ids", "change"]);
		await wrong({ ids: [], change: {} }, ["ids"]);
		await wrong({ ids: [1], change: {} }, ["ids"]);
		const many = Array.from({ length: MOST + 1 }, () => dashed(newId()));
		await wrong({ ids: many, change: {} }, ["ids"]);
		await wrong({ ids: [id] }, ["change"]);
		await wrong({ ids: [id], change: {}, delete: true }, ["change"]);
		await wrong({ ids: [id], delete: false }, ["change"]);
		await wrong({ ids: [id], change: {}, undoMs: 1000 }, ["undoMs"]);
		await wrong({ ids: [id], delete: true, undoMs: 60_001 }, ["undoMs"]);
		await wrong({ ids: [id], keep: "soon" }, ["change", "keep"]);
		await wrong({ ids: [id], change: { state: "person", more: 1 }, other: 1 }, [
			...["other", "change.state", "change.more"],
		]);
		await wrong({ ids: [NOBODY, id], change: { state: "resolved", addTags: [NOBODY] } }, [
			"change.addTags",
		]);
		await wrong({ ids: [id], change: { assignedTo: NOBODY } }, ["change.assignedTo"]);
		assert.equal((await read(id)).state, "open");
		await send(400, "bulk", "[]");
		await contract.drive(banter, 413, "POST", "/v1/admin/conversations/bulk", {
			headers: { ...ADMIN, "content-length": "65537" },
		});
	});

	it("are deleted by those who may, at once or after a time in which that can be taken back", async () => {
		const [gone, kept, later] = await some(3);
		for (const body of [{ delete: true }, { delete: true, undoMs: 10 }, { keep: 1 }])
			assertError(
				await send(403, "bulk", { ids: [gone], ...body }, member),
				403,
				"Only an owner may do this, until an owner grants members the right to delete",
			);
		assert.deepEqual(await statuses({ ids: [gone], change: { read: true } }, member), [200]);
		assert.deepEqual(await bulk({ ids: [gone], delete: true }), {
			results: [{ id: gone, status: 200 }],
		});
		assert.equal(await exists(gone), false);
		const before = Date.now();
		const ids = [kept, later, gone];
		const { results, undoUntil } = await bulk({ ids, delete: true, undoMs: 2000 });
		assert.deepEqual(
			results.map(({ status }) => status),
			[200, 200, 404],
		);
		assert.ok(undoUntil >= before + 2000 && undoUntil <= Date.now() + 2000);
		assert.deepEqual(await statuses({ ids: [kept], keep: undoUntil }), [200]);
		assert.deepEqual(await statuses({ ids: [kept], keep: undoUntil }), [404], "once more");
		await until("the other one is deleted", async () => !(await exists(later)));
		assert.ok(Date.now() >= undoUntil);
		assert.deepEqual(await statuses({ ids: [later], keep: undoUntil }), [404]);
		assert.equal(await exists(kept), true);
	});

	it("are exported into one file, in their order", async () => {
		const ids = await some(3);
		const answer = await send(200, "export", { ids: [ids[2], NOBODY, ids[0], ids[1]] });
		assert.equal(
			answer.headers["content-disposition"],
			'attachment; filename="conversations.json"',
		);
		const threads = await Promise.all([ids[2], ids[0], ids[1]].map((id) => banter.thread(id)));
		assert.deepEqual(answer.json, { conversations: threads });
		const text = await send(200, "export", { ids, format: "text" });
		assert.equal(text.headers["content-disposition"], 'attachment; filename="conversations.txt"');
		const found = [...text.text.matchAll(/^Conversation: (.*)$/gm)].map(([, id]) => id);
		assert.deepEqual(found, ids);
		assertFields(await send(422, "export", { format: "pdf" }), ["ids", "format"]);
		await send(400, "export", "[]");
		await contract.drive(banter, 413, "POST", "/v1/admin/conversations/export", {
			headers: { ...ADMIN, "content-length": "65537" },
		});
	});

	it("are deleted at their time also if storaged is killed before", async () => {
		const [id, kept] = await some(2);
		await bulk({ ids: [id], delete: true, undoMs: 1500 });
		await banter.storaged.kill("SIGKILL");
		await until("it is deleted", async () => !(await exists(id)));
		assert.equal(await exists(kept), true);
	});

	it("every documented status occurred", () => contract.assertComplete("bulk"));
});
