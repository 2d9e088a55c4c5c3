// Channels: an adapter sends what people write elsewhere, signed, and receives what is for them: each message once, in
// order, and those of nobody else.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { Contract } from "./contract.mjs";
import { times, until, useBanter, withBanter } from "./harness.mjs";
import {
	ADMIN,
	addOrganization,
	adminExpect,
	assertFields,
	NOBODY,
	WIDGET,
} from "./organizations.mjs";
import { Receiver } from "./receiver.mjs";
import { expectTool } from "./tool.mjs";

const contract = new Contract();
const ALLOW = { WEBHOOK_ALLOW: "127.0.0.0/8" };

function useReceiver() {
	const receiver = new Receiver();
	before(() => receiver.start());
	after(() => receiver.stop());
	return receiver;
}

/** The headers of Standard Webhooks, by the public library that receivers use. */
function signed(secret, body, { id = randomUUID(), at = Date.now() } = {}) {
	return {
		"webhook-id": id,
		"webhook-timestamp": `${Math.floor(at / 1000)}`,
		"webhook-signature": new Webhook(secret).sign(id, new Date(at), body),
	};
}

/** An adapter: a channel, and who receives its deliveries. */
class Adapter {
	constructor(banter, receiver, channel) {
		Object.assign(this, { banter, receiver, ...channel });
		this.path = `/v1/channels/${this.id}/messages`;
	}

	static async make(banter, receiver, fields = {}) {
		const body = { url: receiver.url, format: "channel", widget_id: WIDGET, ...fields };
		const channel = await adminExpect(banter, 201, "POST", "webhooks", body);
		return new Adapter(banter, receiver, channel);
	}

	/** Sends a message of somebody; resolves to the JSON of the answer. */
	async send(from, text, { status = 202, id = randomUUID(), ...more } = {}) {
		const sender = typeof from === "string" ? { id: from } : from;
		const body = JSON.stringify({ id, from: sender, text, ...more });
		return (await this.post(status, body, signed(this.secret, body))).json;
	}

	post(status, body, headers) {
		return contract.drive(this.banter, status, "POST", this.path, {
			headers: { "content-type": "application/json", ...headers },
			body,
		});
	}

	/** What a person was shown, in order. */
	shown(to) {
		return this.receiver.events("message").filter((one) => one.to === to);
	}

	/** The n-th message that a person is shown. */
	async message(to, n = 1) {
		await until(`message ${n} to ${to}`, () => this.shown(to).length >= n);
		return this.shown(to)[n - 1].message;
	}
}

/** The conversation of somebody who writes by a channel. */
async function conversationOf(banter, adapter, peer) {
	const { conversations } = await adminExpect(banter, 200, "GET", "conversations?limit=50");
	return conversations.find(({ sessionId }) => sessionId === `@${adapter.id}:${peer}`);
}

describe("a message by a channel", () => {
	const banter = useBanter({ workers: 2, env: ALLOW });
	const receiver = useReceiver();
	let adapter;
	before(async () => {
		adapter = await Adapter.make(banter, receiver);
	});

	it("is answered to the adapter, signed", async () => {
		const { conversationId, replyId } = await adapter.send("4711", "[[echo]] hello");
		const message = await adapter.message("4711");
		assert.deepEqual(
			[message.id, message.role, message.text, message.status],
			[replyId, "assistant", "hello", "complete"],
		);
		const { headers, body, json } = receiver.deliveries.find(({ json }) => json.to === "4711");
		assert.deepEqual(new Webhook(adapter.secret).verify(body, headers), json);
		assert.deepEqual(
			[json.kind, json.conversationId, json.state],
			["message", conversationId, "open"],
		);
		const shown = Object.keys(json.message).sort();
		assert.deepEqual(shown, ["createdAt", "found", "id", "role", "sources", "status", "text"]);
	});

	it("is stored once, however often it comes", async () => {
		const id = "m=1/<a>";
		const first = await adapter.send("often", "[[echo]] once", { id });
		const others = await times(8, () => adapter.send("often", "[[echo]] once", { id }));
		for (const other of others) assert.deepEqual(other, first);
		await adapter.message("often");
		const { messages } = await banter.thread(first.conversationId);
		assert.deepEqual(
			messages.map(({ content }) => content),
			["[[echo]] once", "once"],
		);
		const other = await adapter.send("often", "another text", { id, status: 409 });
		assert.equal(other.code, "id_conflict");
		await adapter.send("seldom", "[[echo]] once", { id });
	});

	it("continues the person's conversation, which has a contact", async () => {
		const ada = { id: "+49:ada@example.com", name: "Ada", email: "ada@example.com", phone: null };
		const first = await adapter.send(ada, "[[echo]] one");
		await adapter.message(ada.id);
		const second = await adapter.send({ ...ada, name: "Ada L." }, "[[echo]] two");
		assert.equal(second.conversationId, first.conversationId);
		assert.equal((await adapter.message(ada.id, 2)).text, "two");
		const { conversation } = await banter.thread(first.conversationId);
		assert.deepEqual(
			[conversation.contact.name, conversation.contact.email],
			["Ada", "ada@example.com"],
		);
		const wrong = { id: "x", email: "nobody" };
		const { fields } = await adapter.send(wrong, "hello", { status: 422 });
		assert.deepEqual(Object.keys(fields), ["email"]);
	});

	it("may be files alone, which become lines of text", async () => {
		const files = [
			{ url: "https://files.example/1?a=b" },
			{ url: "http://files.example/2", name: "photo.jpg" },
		];
		const { conversationId } = await adapter.send("files", undefined, { files });
		await adapter.message("files");
		const { messages } = await banter.thread(conversationId);
		assert.equal(
			messages[0].content,
			"https://files.example/1?a=b\nphoto.jpg: http://files.example/2",
		);
	});

	it("may ask for a person, who answers by the same way", async () => {
		const { conversationId } = await adapter.send("asks", "help me", { person: true });
		await until("the state", () =>
			receiver.events("state").some(({ to, state }) => to === "asks" && state === "waiting"),
		);
		await adapter.message("asks"); // the agent's words for that
		const before = 1;
		const act = (what, body) =>
			adminExpect(
				banter,
				what === "messages" ? 201 : 200,
				"POST",
				`conversations/${conversationId}/${what}`,
				body,
			);
		await act("takeover", { name: "Jane" });
		await act("messages", { content: "I am **here**." });
		const message = await adapter.message("asks", before + 1);
		assert.deepEqual(
			[message.role, message.text, message.author],
			["operator", "I am **here**.", "Jane"],
		);
		const { calls } = await banter.model("stats");
		await adapter.send("asks", "thank you");
		assert.equal((await banter.model("stats")).calls, calls, "the person has it");
		await act("handback");
		await adapter.send("asks", "[[echo]] the assistant again");
		assert.equal((await adapter.message("asks", before + 2)).text, "the assistant again");
		const states = receiver.events("state").filter(({ to }) => to === "asks");
		assert.deepEqual(
			states.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]),
			["waiting", "person", "open"],
		);
	});

	it("is the only one whose replies the adapter gets", async () => {
		await banter.chat("somebody", "[[echo]] of a site");
		const other = new Receiver();
		await other.start();
		const second = await Adapter.make(banter, other);
		await second.send("4711", "[[echo]] by the other channel");
		assert.equal((await second.message("4711")).text, "by the other channel");
		assert.deepEqual(other.events("message").length, 1);
		assert.ok(!receiver.events().some(({ message }) => /site|other channel/.test(message?.text)));
		other.stop();
		for (const sessionId of [`@${adapter.id}:4711`, `@${adapter.id}:`]) {
			const answer = await banter.chat(sessionId, "hello");
			assert.equal(answer.status, 400, "nobody else can choose such a session");
		}
	});

	it("is erased with its person", async () => {
		const { conversationId } = await adapter.send("gone", "[[echo]] forget me");
		await adapter.message("gone");
		const session = encodeURIComponent(`@${adapter.id}:gone`);
		await adminExpect(banter, 200, "DELETE", `visitors/${session}`);
		await adminExpect(banter, 404, "GET", `conversations/${conversationId}`);
	});

	it("reaches the other worker's adapter when the reply breaks off, and is answered when it comes again", async () => {
		const id = randomUUID();
		const text = "[[tokens=200 delay=20]]";
		const { replyId } = await adapter.send("broken", text, { id });
		await until("the reply runs", async () => (await banter.model("stats")).active > 0);
		await banter.killWorkers(banter.workerPids());
		const message = await adapter.message("broken");
		assert.deepEqual([message.id, message.status], [replyId, "interrupted"]);
		assert.deepEqual((await adapter.send("broken", text, { id })).replyId, replyId);
		assert.equal((await adapter.message("broken", 2)).status, "complete");
	});
});

describe("a channel", () => {
	const banter = useBanter({
		workers: 1,
		env: { ...ALLOW, RATE_LIMIT_MAX_REQUESTS: "5", RATE_LIMIT_WINDOW_MS: "60000" },
	});
	const receiver = useReceiver();

	it("takes only what its adapter has signed", async () => {
		const adapter = await Adapter.make(banter, receiver);
		const body = JSON.stringify({ id: "1", from: { id: "a" }, text: "hello" });
		const right = signed(adapter.secret, body);
		const wrong = [
			{},
			{ ...right, "webhook-id": "" },
			{ ...right, "webhook-id": "another" },
			{ ...right, "webhook-id": "x".repeat(257) },
			{ ...right, "webhook-timestamp": "now" },
			{ ...right, "webhook-timestamp": "-1" },
			{ ...right, "webhook-timestamp": "9".repeat(20) },
			signed(adapter.secret, body, { at: Date.now() - 301_000 }),
			signed(adapter.secret, body, { at: Date.now() + 302_000 }),
			signed(adapter.secret, `${body} `),
			signed(`whsec_${Buffer.alloc(32).toString("base64")}`, body),
			{ ...right, "webhook-signature": "v1," },
			{ ...right, "webhook-signature": right["webhook-signature"].slice(0, -1) },
			{ ...right, "webhook-signature": right["webhook-signature"].replace("v1", "v2") },
			{ ...right, "webhook-signature": `${right["webhook-signature"]}v1,x` },
			{ "x-admin-api-key": ADMIN["x-admin-api-key"] },
		];
		for (const headers of wrong) {
			const { json } = await adapter.post(401, body, headers);
			assert.equal(json.code, "invalid_signature");
			assert.match(json.error, /^webhook-(id|timestamp|signature) must /);
		}
		const several = { ...right, "webhook-signature": `v1,AAAA v2,x ${right["webhook-signature"]}` };
		await adapter.post(202, body, several);
		await adapter.post(202, body, signed(adapter.secret, body, { at: Date.now() - 290_000 }));
	});

	it("has two secrets while one is changed", async () => {
		const adapter = await Adapter.make(banter, receiver);
		const old = adapter.secret;
		const { secret } = await adminExpect(banter, 200, "POST", `webhooks/${adapter.id}/secret`, {});
		const body = JSON.stringify({ id: "1", from: { id: "b" }, text: "hello" });
		for (const valid of [old, secret]) await adapter.post(202, body, signed(valid, body));
		await adminExpect(banter, 200, "DELETE", `webhooks/${adapter.id}/old-secret`);
		await adapter.post(401, body, signed(old, body));
		await adapter.post(202, body, signed(secret, body));
	});

	it("says what a message must be", async () => {
		const adapter = await Adapter.make(banter, receiver);
		const valid = { id: "1", from: { id: "c" }, text: "hello" };
		const file = { url: "https://files.example/a" };
		const invalid = [
			["[]", /JSON object/],
			["{", /JSON object/],
			...[
				[{ id: undefined }, /^id must/],
				[{ id: "" }, /^id must/],
				[{ id: "~1" }, /^id must/],
				[{ id: "a b" }, /^id must/],
				[{ id: "x".repeat(129) }, /^id must/],
				[{ id: 7 }, /^id must/],
				[{ from: undefined }, /^from must/],
				[{ from: "c" }, /^from must/],
				[{ from: { id: "" } }, /^from must/],
				[{ from: { id: "a/b" } }, /^from must/],
				[{ from: { id: "x".repeat(81) } }, /^from must/],
				[{ from: { id: "c", name: 7 } }, /^from must/],
				[{ from: { id: "c", userId: "" } }, /^userId must/],
				[{ from: { id: "c", userId: "x".repeat(129) } }, /^userId must/],
				[{ text: undefined }, /^text must/],
				[{ text: "" }, /^text must/],
				[{ text: null, files: [] }, /^text must/],
				[{ text: 7 }, /^text must/],
				[{ text: "x".repeat(4001) }, /^text must/],
				[{ text: "x".repeat(3990), files: [file] }, /^text must/],
				[{ files: {} }, /^files must/],
				[{ files: Array(11).fill(file) }, /^files must/],
				[{ files: [{}] }, /^files must/],
				[{ files: [{ url: "ftp://files.example/a" }] }, /^files must/],
				[{ files: [{ url: "https://files.example/a b" }] }, /^files must/],
				[{ files: [{ url: `https://${"x".repeat(2048)}` }] }, /^files must/],
				[{ files: [{ ...file, name: "two\nlines" }] }, /^files must/],
				[{ files: [{ ...file, name: "x".repeat(256) }] }, /^files must/],
				[{ person: "yes" }, /^person must/],
				[{ context: "x" }, /^context must/],
				[{ context: { a: "x".repeat(2100) } }, /^context must/],
			].map(([change, wrong]) => [JSON.stringify({ ...valid, ...change }), wrong]),
		];
		for (const [body, wrong] of invalid) {
			const { json } = await adapter.post(400, body, signed(adapter.secret, body));
			assert.match(json.details, wrong, body.slice(0, 80));
		}
	});

	it("lets each person write as much as a visitor", async () => {
		const adapter = await Adapter.make(banter, receiver);
		for (let n = 0; n < 5; n++) await adapter.send("many", `[[echo]] ${n}`, { id: `${n}` });
		const body = JSON.stringify({ id: "6", from: { id: "many" }, text: "6" });
		const { headers, json } = await adapter.post(429, body, signed(adapter.secret, body));
		assert.equal(json.code, "rate_limited");
		assert.match(headers["retry-after"], /^\d+$/);
		await adapter.send("somebody else", "x", { status: 400 });
		await adapter.send("somebody-else", "[[echo]] hello");
	});

	it("has a widget of its organization, and nothing else has one", async () => {
		const { url } = receiver;
		const foreign = await addOrganization(banter, "Other");
		const create = (body) =>
			contract.drive(banter, 422, "POST", "/v1/admin/webhooks", { headers: ADMIN, body });
		for (const widget_id of [undefined, null, "x", NOBODY, foreign.widget])
			assertFields(await create({ url, format: "channel", widget_id }), ["widget_id"]);
		assertFields(await create({ url, kinds: ["note"], widget_id: WIDGET }), ["widget_id"]);
		const adapter = await Adapter.make(banter, receiver);
		const path = `webhooks/${adapter.id}`;
		const { json } = await contract.drive(banter, 200, "GET", `/v1/admin/${path}`, {
			headers: ADMIN,
		});
		assert.deepEqual([json.format, json.widget_id], ["channel", WIDGET]);
		await adminExpect(banter, 200, "PUT", path, { enabled: false });
		await adapter.send("d", "hello", { status: 409 });
		await adminExpect(banter, 200, "PUT", path, {
			enabled: true,
			format: "json",
			kinds: ["note"],
			widget_id: null,
		});
		await adapter.send("d", "hello", { status: 404 });
		await adminExpect(banter, 200, "PUT", path, { format: "channel", widget_id: WIDGET });
		await adapter.send("d", "[[echo]] hello");
		await adminExpect(banter, 204, "DELETE", path);
		await adapter.send("d", "hello", { status: 404 });
		adapter.path = `/v1/channels/x/messages`;
		await adapter.send("d", "hello", { status: 400 });
		adapter.path = `/v1/channels/${NOBODY}/messages`;
		await adapter.send("d", "hello", { status: 404 });
	});

	it("has large bodies refused", async () => {
		const adapter = await Adapter.make(banter, receiver);
		await adapter.post(413, undefined, { "content-length": "65537" });
	});
});

it("a channel is exported and imported, and goes on", async () => {
	const receiver = new Receiver();
	await receiver.start();
	const file = "channels.ndjson";
	await withBanter({ workers: 1, env: ALLOW }, async (banter) => {
		const adapter = await Adapter.make(banter, receiver);
		await adapter.send("e", "[[echo]] before");
		await adapter.message("e");
		const path = `${banter.directory ?? banter.dir}/${file}`;
		await expectTool(banter, 0, "export", "--output", path);
		await withBanter({ workers: 1, env: ALLOW }, async (second) => {
			await expectTool(second, 0, "import", path);
			const again = new Adapter(second, receiver, { id: adapter.id, secret: adapter.secret });
			await again.send("e", "[[echo]] after");
			assert.equal((await again.message("e", 2)).text, "after");
			assert.ok(await conversationOf(second, again, "e"));
			await expectTool(second, 0, "verify");
		});
	});
	receiver.stop();
});

it("all documented answers were seen", () => contract.assertComplete("channels"));
