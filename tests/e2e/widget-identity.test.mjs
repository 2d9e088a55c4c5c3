// Visitors whose site proves who they are.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, describe, it } from "node:test";
import { assertError, request } from "./client.mjs";
import { Feed } from "./feeds.mjs";
import { until, useBanter } from "./harness.mjs";
import { adminExpect, LONGEST_EMAIL, WIDGET } from "./organizations.mjs";
import { KEY } from "./replies.mjs";
import { makeSession, makeWidget, Visitor } from "./visitors.mjs";

const banter = useBanter();

const secretOf = async ({ id }) =>
	(await adminExpect(banter, 200, "POST", `widgets/${id}/identity-secret`)).secret;
const proofOf = (secret, userId) => createHmac("sha256", secret).update(userId).digest("hex");

/** Sends identify; returns the answer. */
async function identify(widget, members) {
	const visitor = await Visitor.open(banter, widget);
	visitor.send({ type: "identify", ...members });
	const { type, code } = await visitor.next();
	return [visitor, code ?? type];
}

async function contactOf(visitor) {
	await visitor.ask("[[tokens=1]]");
	const { conversations } = await adminExpect(banter, 200, "GET", "conversations");
	return conversations[0].contactId;
}

describe("a visitor", () => {
	it("with a valid hash is the contact with that user id, also in another browser", async () => {
		const widget = await makeWidget(banter);
		const hash = proofOf(await secretOf(widget), "42");
		const [one, saved] = await identify(widget, { userId: "42", hash, name: "Ann" });
		const [two] = await identify(widget, { userId: "42", hash });
		assert.equal(saved, "contact_info_saved");
		const contact = await contactOf(one);
		assert.equal(await contactOf(two), contact);
		const { name, user_id: userId } = await adminExpect(banter, 200, "GET", `contacts/${contact}`);
		assert.deepEqual([name, userId], ["Ann", "42"]);
	});

	it("with a wrong hash, an old secret or none is refused", async () => {
		const widget = await makeWidget(banter);
		const refused = async (hash) =>
			assert.equal((await identify(widget, { userId: "42", hash }))[1], "invalid_identity");
		await refused(proofOf("0".repeat(64), "42"));
		const secret = await secretOf(widget);
		await refused("");
		await refused(proofOf(secret, "43"));
		await secretOf(widget);
		await refused(proofOf(secret, "42"));
		const last = await secretOf(widget);
		await adminExpect(banter, 204, "DELETE", `widgets/${widget.id}/identity-secret`);
		await refused(proofOf(last, "42"));
	});

	it("without a hash is never a verified contact, whatever it says", async () => {
		const collects = { contact_info_mode: "optional", collect_email: true };
		const widget = await makeWidget(banter, collects);
		const hash = proofOf(await secretOf(widget), "7");
		const [ann] = await identify(widget, { userId: "7", hash, email: "ann7@example.com" });
		const [eve] = await identify(widget, { userId: "7", email: "ann7@example.com" });
		assert.notEqual(await contactOf(eve), await contactOf(ann));
	});
});

describe("a chat request with a key", () => {
	const ask = (sessionId, identity, more = {}, path = "/v1/chat") => {
		const body = { sessionId, message: "[[tokens=1]]", identity, ...more };
		return request(banter.url, "POST", path, { headers: KEY, body });
	};
	const list = async (kind) => (await adminExpect(banter, 200, "GET", kind))[kind];
	const contactOf = async (session) =>
		(await list("conversations")).find(({ sessionId }) => sessionId === session).contactId;

	it("is of the contact with the user id that its hash proves, exactly once", async () => {
		const hash = proofOf(await secretOf({ id: WIDGET }), "k1");
		const identity = { userId: "k1", hash, name: "Kim" };
		for (const path of ["/v1/chat", "/v1/chat", "/v1/chat/stream"])
			assert.equal((await ask("kim", identity, { clientMessageId: "m" }, path)).status, 200);
		await ask("later");
		await ask("later", { userId: "k1", hash });
		const kim = (await list("contacts")).filter(({ name }) => name === "Kim");
		assert.equal(kim.length, 1);
		assert.equal(await contactOf("kim"), kim[0].id);
		assert.equal(await contactOf("later"), kim[0].id);
	});

	it("with a wrong hash stores nothing and calls no model", async () => {
		const stored = async () => [
			await list("contacts"),
			(await list("conversations")).length,
			(await banter.model("stats")).calls,
		];
		const secret = await secretOf({ id: WIDGET });
		const hash = proofOf(secret, "k2");
		const before = await stored();
		for (const wrong of ["", hash.slice(1), proofOf("0".repeat(64), "k2"), proofOf(secret, "k")])
			for (const path of ["/v1/chat", "/v1/chat/stream"]) {
				const answer = await ask("wrong", { userId: "k2", hash: wrong }, {}, path);
				assertError(answer, 422, undefined, "invalid_identity");
				assert.match(answer.json.error, /first widget/);
			}
		for (const email of ["nowhere", LONGEST_EMAIL]) {
			const { status, json } = await ask("wrong", { userId: "k2", hash, email });
			assert.equal(status, 422);
			assert.deepEqual(Object.keys(json.fields), ["email"]);
		}
		for (const identity of [{ userId: "k2" }, { hash }, "k2", { userId: 2, hash }])
			assert.match((await ask("wrong", identity)).json.details, /^identity must be an object/);
		assert.deepEqual(await stored(), before);
	});
});

describe("the frames of a session with a key", () => {
	const conversationOf = async (session) =>
		(await adminExpect(banter, 200, "GET", "conversations")).conversations.find(
			({ sessionId }) => sessionId === session.sessionId,
		);
	const contactsNamed = async (wanted) =>
		(await adminExpect(banter, 200, "GET", "contacts")).contacts.filter(
			({ name }) => name === wanted,
		);
	const proved = async (userId, more) => ({
		userId,
		hash: proofOf(await secretOf({ id: WIDGET }), userId),
		...more,
	});
	after(() => Feed.closeAll());

	it("prove who the visitor is over a WebSocket, before, after or together with the first message", async () => {
		const identity = await proved("w1", { name: "Wim" });
		for (const isFirst of [true, false, undefined]) {
			const session = makeSession();
			const visitor = await Visitor.open(banter, session);
			if (isFirst === false) await visitor.ask("[[tokens=1]]");
			visitor.send({ type: "identify", ...identity });
			if (isFirst === undefined) visitor.say("[[tokens=1]]");
			await visitor.upTo("contact_info_saved");
			if (isFirst) await visitor.ask("[[tokens=1]]");
			await until("the conversation is stored", () => conversationOf(session));
			const [contact, ...others] = await contactsNamed("Wim");
			assert.deepEqual(others, []);
			assert.equal((await conversationOf(session)).contactId, contact.id);
		}
	});

	it("prove it when they are posted: in a frame of its own, or with the first message", async () => {
		const identity = await proved("p1", { name: "Pia" });
		const session = makeSession();
		const feed = await Feed.open(banter, session, { carrier: "poll" });
		const saved = await feed.post({ type: "identify", ...identity });
		assert.deepEqual(saved.json, { frames: [{ type: "contact_info_saved" }] });
		const message = { type: "message", content: "[[tokens=1]]", id: "m" };
		// The message is sent twice, as after a lost answer.
		for (let i = 0; i < 2; i++)
			assert.equal((await feed.post({ ...message, identity })).status, 202);
		const [contact, ...others] = await contactsNamed("Pia");
		assert.deepEqual(others, []);
		const { _id, contactId } = await conversationOf(session);
		assert.equal(contactId, contact.id);
		assert.equal(
			(await banter.thread(_id)).messages.filter(({ role }) => role === "user").length,
			1,
		);
	});

	it("store nothing for a wrong hash", async () => {
		const { userId, hash } = await proved("n1");
		const session = makeSession();
		const visitor = await Visitor.open(banter, session);
		const before = await adminExpect(banter, 200, "GET", "contacts");
		const codeOf = async (members) => {
			visitor.send({ type: "identify", name: "Nobody", ...members });
			return (await visitor.next()).code;
		};
		assert.equal(await codeOf({ userId, hash: "0".repeat(64) }), "invalid_identity");
		assert.equal(await codeOf({ userId, hash, email: "nowhere" }), "invalid_contact_info");
		const feed = await Feed.open(banter, session, { carrier: "poll" });
		const wrong = { userId, hash: "0".repeat(64), name: "Nobody" };
		const answer = await feed.post({ type: "identify", ...wrong });
		assertError(answer, 422, undefined, "invalid_identity");
		assert.match(answer.json.error, /first widget/);
		assert.equal(await conversationOf(session), undefined);
		// The visitor can write nevertheless.
		for (const identity of [wrong, { userId }, { userId: 1, hash }, {}])
			assert.equal((await feed.post({ type: "message", content: "x", identity })).status, 202);
		assert.equal((await conversationOf(session)).contactId, null);
		assert.deepEqual(await adminExpect(banter, 200, "GET", "contacts"), before);
	});

	it("keep the identity when the worker dies after it has acknowledged it", async () => {
		const identity = await proved("d1", { name: "Dora" });
		const session = makeSession();
		const feed = await Feed.open(banter, session, { carrier: "poll" });
		assert.equal((await feed.post({ type: "identify", ...identity })).status, 202);
		await banter.killWorkers(banter.workerPids());
		const message = { type: "message", content: "[[tokens=1]]", id: "m", identity };
		await until("the message is accepted", async () => {
			const answer = await feed.post(message).catch(() => null);
			return answer?.status === 202;
		});
		const [contact, ...others] = await contactsNamed("Dora");
		assert.deepEqual(others, []);
		assert.equal((await conversationOf(session)).contactId, contact.id);
	});
});
