// Visitors, contacts and ranges of addresses that may not write: in every way in, until the block ends.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { until, useBanter } from "./harness.mjs";
import { ADMIN, addOrganization, assertFields, NOBODY } from "./organizations.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const contract = new Contract();
const PATH = "/v1/admin/blocks";
const SENTENCE = "You cannot write in this chat any more";
const RANGE = { kind: "range", target: "198.51.100.0/24", reason: "Sends spam" };

describe("whoever is blocked", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" }, workers: 2 });
	let anna, me;

	const send = (status, method, path, body, headers = ADMIN) =>
		contract.drive(banter, status, method, `${PATH}${path}`, { headers, body });
	const block = async (body) => (await send(201, "POST", "", body)).json;
	const unblock = ({ id }) => send(204, "DELETE", `/${id}`);
	const from = (address) => ({ headers: { "x-forwarded-for": address } });

	before(async () => {
		anna = await logIn(banter, await addUser(banter, "anna@blocks.example", "--member"));
		me = (await banter.get("/v1/admin/me", anna)).json.user.id;
	});

	it("by a session gets a plain sentence, and others are answered", async () => {
		assert.equal((await banter.chat("bad", "hello")).status, 200);
		const one = await block({ kind: "session", target: "bad", reason: "Insults" });
		for (const path of ["/v1/chat", "/v1/chat/stream", "/chat"])
			assertError(await banter.chat("bad", "again", { path }), 403, SENTENCE, "blocked");
		assert.equal((await banter.chat("good", "hello")).status, 200);
		await unblock(one);
		assert.equal((await banter.chat("bad", "again")).status, 200);
	});

	it("by a range is refused over each way in, in a running connection as well", async () => {
		const widget = await makeWidget(banter, {
			...{ contact_info_mode: "optional", collect_email: true },
		});
		const bad = await Visitor.open(banter, widget, from("198.51.100.7"));
		const good = await Visitor.open(banter, widget, from("198.51.101.7"));
		const one = await block(RANGE);
		const refused = async (visitor) => {
			const { type, code, message } = await visitor.next();
			assert.deepEqual([type, code, message], ["error", "blocked", SENTENCE]);
		};
		bad.say("hello", "m-1");
		await refused(bad);
		bad.send({ type: "person" });
		await refused(bad);
		bad.send({ type: "contact_info", email: "bad@blocks.example" });
		await refused(bad);
		good.say("hello", "m-1");
		await good.upTo("typing_stop");
		for (const path of ["/v1/chat", "/v1/chat/stream"])
			assertError(
				await banter.chat("by-key", "hi", { path, ...from("198.51.100.8") }),
				...[403, SENTENCE, "blocked"],
			);
		assert.equal((await banter.chat("by-key", "hi", from("198.51.101.8"))).status, 200);
		await unblock(one);
		bad.say("hello", "m-2");
		await bad.upTo("typing_stop");
		for (const visitor of [bad, good]) await visitor.close();
	});

	it("by a contact is refused in whatever session gives the same details", async () => {
		const widget = await makeWidget(banter, {
			...{ contact_info_mode: "optional", collect_email: true },
		});
		const submit = async (visitor) => {
			visitor.send({ type: "contact_info", email: "cy@blocks.example" });
			await visitor.upTo("contact_info_saved");
		};
		const first = await Visitor.open(banter, widget);
		await submit(first);
		const { json } = await banter.get("/v1/admin/contacts?email=cy@blocks.example", ADMIN);
		const target = json.contacts[0].id;
		await block({ kind: "contact", target, reason: "Spam" });
		const second = await Visitor.open(banter, widget);
		await submit(second);
		second.say("hello", "m-1");
		assert.equal((await second.next()).code, "blocked");
		for (const visitor of [first, second]) await visitor.close();
	});

	it("is told until the block ends", async () => {
		const end = Date.now() + 1500;
		const one = await block({
			kind: "session",
			target: "for a while",
			reason: "x",
			until: end,
		}).catch(() => block({ kind: "session", target: "for-a-while", reason: "x", until: end }));
		assert.equal(one.until, end);
		assert.equal((await banter.chat(one.target, "hi")).status, 403);
		await until("it has ended", async () => (await banter.chat(one.target, "hi")).status === 200);
		assert.ok(Date.now() >= end);
	});

	it("is listed, with who has done it; a member may", async () => {
		const { json: one } = await send(201, "POST", "", { ...RANGE, target: "2001:db8::/32" }, anna);
		assert.deepEqual([one.by, one.until, one.reason], [me, null, RANGE.reason]);
		const byKey = await block({ kind: "session", target: "~abc", reason: "Spam" });
		assert.equal(byKey.by, null);
		const { json } = await send(200, "GET", "?limit=2");
		assert.deepEqual(
			json.blocks.map(({ id }) => id),
			[byKey.id, one.id],
		);
		await send(200, "GET", "", undefined, anna);
		const change = (body) => send(200, "PUT", `/${one.id}`, body);
		assert.equal((await change({ reason: "Other" })).json.by, me);
		await send(200, "GET", `/${one.id}`);
		const outdated = { ...ADMIN, "if-match": `"${one.updated_at}"` };
		await send(412, "PUT", `/${one.id}`, { reason: "Third" }, outdated);
		await send(409, "POST", "", { ...RANGE, target: "2001:db8::/32" });
		await send(409, "PUT", `/${byKey.id}`, { kind: "range", target: "2001:db8::/32" });
		for (const { id } of [one, byKey]) await send(204, "DELETE", `/${id}`, undefined, anna);
		await send(404, "DELETE", `/${one.id}`);
	});

	it("needs a target that is right, and a reason", async () => {
		const wrong = async (body, names) => assertFields(await send(422, "POST", "", body), names);
		await wrong({}, ["kind", "target", "reason"]);
		await wrong({ ...RANGE, reason: "" }, ["reason"]);
		for (const target of ["198.51.100.1/24", "0.0.0.0/0", "2001:db8::/65", "2001:db8::1", "here"])
			await wrong({ ...RANGE, target }, ["target"]);
		await wrong({ ...RANGE, kind: "contact" }, ["target"]);
		await wrong({ ...RANGE, kind: "session", target: "a b" }, ["target"]);
		await wrong({ ...RANGE, until: Date.now() - 1 }, ["until"]);
		await wrong({ ...RANGE, kind: "country", target: "x" }, ["kind"]);
		const { headers } = await addOrganization(banter, "Others");
		await send(404, "GET", `/${NOBODY}`, undefined, headers);
	});

	it("every documented status occurred", async () => {
		await send(400, "GET", "?limit=0");
		await send(400, "POST", "", "[]");
		await send(400, "GET", "/x");
		await send(400, "PUT", `/${NOBODY}`, "[]");
		await send(400, "DELETE", "/x");
		const { id } = await block({ ...RANGE, target: "192.0.2.9" });
		await send(422, "PUT", `/${id}`, { target: "" });
		await send(404, "PUT", `/${NOBODY}`, { reason: "x" });
		for (const [method, path] of [
			["POST", ""],
			["PUT", `/${NOBODY}`],
		])
			await send(413, method, path, undefined, { ...ADMIN, "content-length": "65537" });
		contract.assertComplete("blocks");
	});
});
