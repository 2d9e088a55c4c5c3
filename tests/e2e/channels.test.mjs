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
import { signed } from "./signed.mjs";
import { expectTool } from "./tool.mjs";

const contract = new Contract();
const ALLOW = { WEBHOOK_ALLOW: "127.0.0.0/8" };

function useReceiver() {
	const receiver = new Receiver();
	before(() => receiver.start());
	after(() => receiver.stop());
	return receiver;
}

/** Sends bytes of a file from where it is. */
const sendBytes = (banter, { id, token, offset }, body) =>
	fetch(`${banter.url}/v1/files/${id}`, {
		method: "PATCH",
		headers: { "upload-token": token, "upload-offset": `${offset}` },
		body,
	});

const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(3 * 65536, 7)]);

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

	/** Says how far a message has come; resolves to the JSON of the answer. */
	async report(receipt, status = 200) {
		const body = JSON.stringify(receipt);
		return (await this.post(status, body, signed(this.secret, body), "receipts")).json;
	}

	/** Announces a file of somebody; resolves to the JSON of the answer. */
	async announce(from, file, status = 201) {
		const body = JSON.stringify({ from: { id: from }, ...file });
		return (await this.post(status, body, signed(this.secret, body), "files")).json;
	}

	/** Announces a file and sends its bytes; resolves to its id. */
	async upload(from, id, bytes, name = "photo.png") {
		const file = await this.announce(from, { id, name, bytes: bytes.length });
		const sent = await sendBytes(this.banter, file, bytes.subarray(file.offset));
		assert.equal(sent.status, 200, await sent.text());
		return file.id;
	}

	post(status, body, headers, what = "messages") {
		const path = this.path.replace(/messages$/, what);
		return contract.drive(this.banter, status, "POST", path, {
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

describe("an answer by a channel", () => {
	const banter = useBanter({ workers: 2, env: ALLOW });
	const receiver = useReceiver();
	const BUTTONS = { buttons: [{ name: "yes", label: "Yes" }, { label: "No" }] };
	const FORM = {
		form: [
			{ name: "who", kind: "name", label: "Name", required: true },
			{ name: "size", kind: "choice", label: "Size", choices: ["S", "M"] },
		],
	};
	let adapter;
	before(async () => {
		adapter = await Adapter.make(banter, receiver);
	});

	/** Asks somebody, who has written before; resolves to the delivered message and the conversation's id. */
	async function asked(peer, structure) {
		const { conversationId } = await adapter.send(peer, "[[echo]] begin");
		await adapter.message(peer);
		const path = `conversations/${conversationId}`;
		await adminExpect(banter, 200, "POST", `${path}/takeover`, {});
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: "Well?", structure });
		return { conversationId, message: await adapter.message(peer, 2) };
	}

	const answer = (peer, given, more = {}) =>
		adapter.send(peer, undefined, { answer: given, ...more });

	it("is of the delivered message, and counts once", async () => {
		const { conversationId, message } = await asked("press", BUTTONS);
		assert.deepEqual(message.structure, {
			text: "Well?",
			buttons: [
				{ name: "yes", label: "Yes" },
				{ name: "2", label: "No" },
			],
		});
		const yes = { message: message.id, button: "yes" };
		const all = await times(8, () => answer("press", yes, { files: null }));
		assert.deepEqual(new Set(all.map((one) => one.conversationId)), new Set([conversationId]));
		const { code } = await answer("press", { ...yes, button: "2" }, { status: 409 });
		assert.equal(code, "id_conflict");
		const { messages } = await banter.thread(conversationId);
		const given = messages.filter((one) => one.answer);
		assert.deepEqual(
			given.map(({ content, answer }) => [content, answer]),
			[["Yes", yes]],
		);
	});

	it("may be a form's values, which the contact gets", async () => {
		const { conversationId, message } = await asked("form", FORM);
		const { json } = receiver.deliveries.find(({ json }) => json.message?.id === message.id);
		assert.equal(json.message.structure.form.length, 2);
		const wrong = { message: message.id, values: { size: "XL" } };
		const { code, fields } = await answer("form", wrong, { status: 422 });
		assert.deepEqual([code, Object.keys(fields).sort()], ["invalid_answer", ["size", "who"]]);
		await answer("form", { message: message.id, values: { who: "Ada", size: "M" } });
		const { conversation, messages } = await banter.thread(conversationId);
		assert.equal(messages.at(-1).content, "Name: Ada\nSize: M");
		assert.equal(conversation.contact.name, "Ada");
	});

	it("is of a message of the person's own conversation", async () => {
		const { message, conversationId } = await asked("own", BUTTONS);
		await adapter.send("other", "[[echo]] hello");
		const yes = { message: message.id, button: "yes" };
		for (const [peer, given] of [
			["other", yes],
			["new", yes],
			["own", { ...yes, message: conversationId }],
		]) {
			const { code } = await answer(peer, given, { status: 404 });
			assert.equal(code, "answer_unknown");
		}
	});

	it("says what it must be", async () => {
		const { message } = await asked("wrong", BUTTONS);
		const yes = { message: message.id, button: "yes" };
		for (const [given, more, told] of [
			["yes", {}, /answer must be an object/],
			[{ message: message.id }, {}, /button or values/],
			[{ ...yes, button: 7 }, {}, /answer\.button/],
			[{ ...yes, message: "none" }, {}, /answer must be an object/],
			[yes, { files: [] }, /without text and files/],
		]) {
			const { details } = await answer("wrong", given, { status: 400, ...more });
			assert.match(details, told);
		}
		const { details } = await adapter.send("wrong", "Yes", { status: 400, answer: yes });
		assert.match(details, /without text and files/);
		const { fields } = await answer("wrong", { ...yes, button: "none" }, { status: 422 });
		assert.deepEqual(Object.keys(fields), ["none"]);
	});

	it("is given once while workers are killed, and the assistant replies", async () => {
		const { conversationId, message } = await asked("killed", BUTTONS);
		await adminExpect(banter, 200, "POST", `conversations/${conversationId}/handback`, {});
		const yes = { message: message.id, button: "yes" };
		let known;
		for (let i = 0; i < 5; i++) {
			const sent = answer("killed", yes).catch(() => undefined);
			await banter.killWorkers(banter.workerPids());
			known ??= await sent;
		}
		const { replyId } = await answer("killed", yes);
		if (known !== undefined) assert.equal(replyId, known.replyId);
		await until("the reply is complete", async () => {
			const { messages } = await banter.thread(conversationId);
			return messages.some(({ _id, status }) => _id === replyId && status === "complete");
		});
		const { messages } = await banter.thread(conversationId);
		assert.equal(messages.filter((one) => one.answer).length, 1);
	});
});

/** A message as the team sees it. */
async function seen(banter, { conversationId, messageId }) {
	const { messages } = await banter.thread(conversationId);
	return messages.find(({ _id }) => _id === messageId);
}

describe("a receipt", () => {
	const banter = useBanter({ workers: 2, env: ALLOW });
	const receiver = useReceiver();
	const listener = useReceiver();
	let adapter;
	before(async () => {
		adapter = await Adapter.make(banter, receiver);
		await adminExpect(banter, 201, "POST", "webhooks", { url: listener.url, kinds: ["receipt"] });
	});

	/** What a webhook was told of a message, when it was told so much. */
	async function told(messageId, n) {
		const changes = () =>
			listener
				.events("receipt")
				.filter(({ id }) => id === messageId)
				.map(({ change }) => change);
		await until("the webhook knows", () => changes().length >= n);
		return changes();
	}

	/** A message that somebody was shown. */
	async function shown(peer) {
		const { conversationId, replyId } = await adapter.send(peer, "[[echo]] hello");
		await adapter.message(peer);
		return { conversationId, messageId: replyId };
	}

	it("moves a message forward, never back, and once", async () => {
		const place = await shown("forward");
		assert.ok(!("receipt" in (await seen(banter, place))));
		const steps = [
			["sent", "sent"],
			["sent", "sent"],
			["failed", "failed", "No such number"],
			["failed", "failed", "Another reason", "No such number"],
			["sent", "failed", undefined, "No such number"],
			["delivered", "delivered"],
			["failed", "delivered", "Late news", null],
			["read", "read"],
			["delivered", "read"],
			["read", "read"],
		];
		for (const [state, then, reason, stored = reason ?? null] of steps) {
			const answer = await adapter.report({ ...place, state, reason });
			assert.deepEqual([answer.state, answer.reason], [then, stored], state);
			const { receipt } = await seen(banter, place);
			assert.deepEqual({ ...place, ...receipt }, answer);
		}
		const changes = ["sent", "failed", "delivered", "read"];
		assert.deepEqual(await told(place.messageId, 4), changes);
		const { conversationId } = listener.events("receipt").find(({ id }) => id === place.messageId);
		assert.equal(conversationId, place.conversationId);
	});

	it("is of a person's message, too, and no news for the adapter", async () => {
		const place = await shown("person");
		const path = `conversations/${place.conversationId}`;
		await adminExpect(banter, 200, "POST", `${path}/takeover`, { name: "Jane" });
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: "I am here." });
		const { id } = await adapter.message("person", 2);
		const own = { ...place, messageId: id };
		await adapter.report({ ...own, state: "failed" });
		const { receipt, author } = await seen(banter, own);
		assert.deepEqual([receipt.state, receipt.reason, author.name], ["failed", null, "Jane"]);
		await adapter.send("person", "later");
		await until("the states", () => receiver.events("state").some(({ to }) => to === "person"));
		assert.equal(adapter.shown("person").length, 2);
	});

	it("says what it must be", async () => {
		const place = await shown("invalid");
		const valid = { ...place, state: "sent" };
		const invalid = [
			["[]", /JSON object/],
			...[
				[{ conversationId: undefined }, /^conversationId must/],
				[{ conversationId: "x" }, /^conversationId must/],
				[{ messageId: 7 }, /^messageId must/],
				[{ messageId: "00000000-0000-0000-0000-000000000000" }, /^messageId must/],
				[{ state: undefined }, /^state must be sent, delivered, read or failed/],
				[{ state: "none" }, /^state must/],
				[{ state: "Sent" }, /^state must/],
				[{ state: 2 }, /^state must/],
				[{ state: "failed", reason: 7 }, /^reason must/],
				[{ state: "failed", reason: "two\nlines" }, /^reason must/],
				[{ state: "failed", reason: "x".repeat(201) }, /^reason must.* 200/],
				[{ state: "read", reason: "why" }, /^reason must/],
			].map(([change, wrong]) => [JSON.stringify({ ...valid, ...change }), wrong]),
		];
		for (const [body, wrong] of invalid) {
			const { json } = await adapter.post(400, body, signed(adapter.secret, body), "receipts");
			assert.match(json.details, wrong, body);
		}
		await adapter.report({ ...place, state: "failed", reason: "\u{1f600}".repeat(100) });
		const large = JSON.stringify({ ...valid, more: "x".repeat(4096) });
		await adapter.post(413, large, signed(adapter.secret, large), "receipts");
		await adapter.post(401, JSON.stringify(valid), {}, "receipts");
		assert.equal((await seen(banter, place)).receipt.state, "failed");
	});

	it("is of a message that the channel was sent", async () => {
		const place = await shown("mine");
		const other = await Adapter.make(banter, receiver);
		const elsewhere = await shown("elsewhere");
		const { messages } = await banter.thread(place.conversationId);
		const site = await banter.chat("somebody", "[[echo]] of a site");
		const unknown = [
			[other, place],
			[adapter, { ...place, messageId: NOBODY }],
			[adapter, { ...place, conversationId: NOBODY }],
			[adapter, { ...place, conversationId: elsewhere.conversationId }],
			[adapter, { ...place, messageId: messages[0]._id }], // the person's own
			[adapter, { conversationId: site.json.conversationId, messageId: site.json.messageId }],
		];
		for (const [who, where] of unknown) {
			const { code } = await who.report({ ...where, state: "read" }, 404);
			assert.equal(code, "message_not_found");
		}
		other.path = `/v1/channels/${NOBODY}/messages`;
		assert.equal((await other.report({ ...place, state: "read" }, 404)).code, "not_found");
		await adapter.report({ ...elsewhere, state: "sent" });
		assert.deepEqual(await told(elsewhere.messageId, 1), ["sent"]);
		assert.deepEqual(await told(place.messageId, 0), []);
		await adminExpect(banter, 200, "DELETE", `visitors/@${adapter.id}:mine`);
		await adapter.report({ ...place, state: "read" }, 404);
	});

	it("counts once while workers are killed", async () => {
		const places = await Promise.all([..."abcdef"].map((peer) => shown(`kill-${peer}`)));
		const reports = places.map(async (place) => {
			for (const state of ["sent", "delivered", "read"])
				await until(`${state} is stored`, async () => {
					const body = JSON.stringify({ ...place, state });
					const headers = {
						"content-type": "application/json",
						...signed(adapter.secret, body),
					};
					const url = `${banter.url}${adapter.path.replace(/messages$/, "receipts")}`;
					const signal = AbortSignal.timeout(5000);
					const answer = await fetch(url, { method: "POST", headers, body, signal }).catch(
						() => null,
					);
					return answer?.status === 200;
				});
		});
		await banter.killWorkers(banter.workerPids());
		await Promise.all(reports);
		for (const place of places) {
			assert.deepEqual(await told(place.messageId, 3), ["sent", "delivered", "read"]);
			assert.equal((await seen(banter, place)).receipt.state, "read");
		}
	});
});

describe("a file by a channel", () => {
	const banter = useBanter({ workers: 2, env: { ...ALLOW, FILES_PER_MESSAGE: "2" } });
	const receiver = useReceiver();
	let adapter;
	before(async () => {
		adapter = await Adapter.make(banter, receiver);
	});

	const filesOf = async ({ conversationId }) => {
		const { messages } = await banter.thread(conversationId);
		return messages.map(({ role, files = [] }) => [role, files.map(({ name }) => name)]);
	};

	const bytesOf = async ({ url }) =>
		Buffer.from(await (await fetch(`${banter.url}${url}`)).arrayBuffer());

	it("is refused until the widget accepts it", async () => {
		const file = { id: "1", name: "a.png", bytes: PNG.length };
		assert.equal((await adapter.announce("a", file, 403)).code, "files_off");
		await adminExpect(banter, 200, "PUT", `widgets/${WIDGET}`, {
			settings: { files: { allow: true } },
		});
		assert.equal((await adapter.announce("a", file)).offset, 0);
	});

	it("is in the message that names it, once, however often all of it comes", async () => {
		const send = async () => {
			const files = [await adapter.upload("b", "1:0", PNG, "../one.png")];
			return adapter.send("b", "[[echo]] look", { id: "1", files });
		};
		const first = await send();
		for (let n = 0; n < 3; n++) assert.deepEqual(await send(), first);
		await adapter.message("b");
		assert.deepEqual(await filesOf(first), [
			["user", ["one.png"]],
			["assistant", []],
		]);
		// Another message of the person may have it, too.
		const files = [await adapter.upload("b", "1:0", PNG)];
		await adapter.send("b", "[[echo]] again", { id: "2", files });
		const alone = [await adapter.upload("b", "1:1", PNG)];
		const address = { url: "https://files.example/1" };
		const { conversationId } = await adapter.send("b", undefined, { files: alone });
		await adapter.send("b", undefined, { files: [await adapter.upload("b", "3", PNG), address] });
		const { messages } = await banter.thread(conversationId);
		assert.deepEqual(
			messages.filter(({ role }) => role === "user").map(({ content }) => content),
			["[[echo]] look", "[[echo]] again", "", address.url],
		);
	});

	it("goes on where it stopped, and is the person's own", async () => {
		const file = { id: "1", name: "a.png", bytes: PNG.length };
		const begun = await adapter.announce("c", file);
		await sendBytes(banter, begun, PNG.subarray(0, 65536));
		const again = await adapter.announce("c", file);
		assert.deepEqual([again.id, again.token, again.offset], [begun.id, begun.token, 65536]);
		const other = await adapter.announce("d", file);
		assert.notEqual(other.id, begun.id);
		const { code } = await adapter.announce("c", { ...file, bytes: 7 }, 409);
		assert.equal(code, "id_conflict");
		await adapter.send("c", "not complete", { files: [begun.id], status: 409 });
		await sendBytes(banter, again, PNG.subarray(65536));
		await adapter.send("d", "not mine", { files: [begun.id], status: 409 });
		const foreign = await Adapter.make(banter, receiver);
		await foreign.send("c", "not the channel's", { files: [begun.id], status: 409 });
		await adapter.send("c", "[[echo]] mine", { files: [begun.id] });
		assert.match((await adapter.message("c")).text, /^mine\n\[file: a\.png/);
	});

	it("says what it must be", async () => {
		const valid = { id: "1", name: "a.png", bytes: 10 };
		const invalid = [
			["[]", /JSON object/],
			...[
				[{ id: undefined }, /^id must/],
				[{ id: "a b" }, /^id must/],
				[{ from: { id: "" } }, /^from must/],
				[{ name: "" }, /^name must/],
				[{ bytes: 0 }, /^bytes must/],
				[{ sha256: "x" }, /^sha256 must/],
			].map(([change, wrong]) => [
				JSON.stringify({ from: { id: "e" }, ...valid, ...change }),
				wrong,
			]),
		];
		for (const [body, wrong] of invalid) {
			const { json } = await adapter.post(400, body, signed(adapter.secret, body), "files");
			assert.match(json.details, wrong, body);
		}
		await adapter.post(401, JSON.stringify(valid), {}, "files");
		const large = await adapter.announce("e", { ...valid, bytes: 11 << 20 }, 413);
		assert.equal(large.code, "file_too_large");
		const program = Buffer.from("MZ\0\0program");
		const file = await adapter.announce("e", { ...valid, bytes: program.length });
		assert.equal((await sendBytes(banter, file, program)).status, 415);
		for (const files of [["x"], [7], [NOBODY, NOBODY, NOBODY]]) {
			const { details } = await adapter.send("e", "hello", { files, status: 400 });
			assert.match(details, /^files /);
		}
		const disabled = await Adapter.make(banter, receiver, { enabled: false });
		await disabled.announce("e", valid, 409);
		disabled.path = `/v1/channels/${NOBODY}/messages`;
		await disabled.announce("e", valid, 404);
	});

	it("comes to the adapter with a message of the team", async () => {
		const { conversationId } = await adapter.send("f", "[[echo]] hello");
		await adapter.message("f");
		const path = `conversations/${conversationId}`;
		await adminExpect(banter, 200, "POST", `${path}/takeover`, { name: "Jane" });
		const own = await adminExpect(banter, 201, "POST", "files", {
			name: "plan.png",
			bytes: PNG.length,
		});
		assert.equal((await sendBytes(banter, own, PNG)).status, 200);
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: "", files: [own.id] });
		const { text, files } = await adapter.message("f", 2);
		assert.deepEqual([text, files.length, files[0].name], ["", 1, "plan.png"]);
		assert.deepEqual(await bytesOf(files[0]), PNG);
	});

	it("is in its message once while workers are killed", async () => {
		const names = [..."pqrstu"];
		const brought = names.map(async (peer) => {
			for (;;)
				try {
					const files = [await adapter.upload(peer, "1", PNG, `${peer}.png`)];
					return await adapter.send(peer, "[[echo]] kill", { id: "1", files });
				} catch {
					await new Promise((done) => setTimeout(done, 50));
				}
		});
		await banter.killWorkers(banter.workerPids());
		for (const [n, place] of (await Promise.all(brought)).entries())
			await until(`the file of ${names[n]}`, async () => {
				const [first, ...rest] = await filesOf(place);
				assert.deepEqual(first, ["user", [`${names[n]}.png`]]);
				return rest.length === 1;
			});
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
				...[
					"https://files.example/a b",
					"https://",
					"https:///a",
					"https://ada:secret@files.example/a",
					"https://files.example/a#b",
					"https://files.example/\u00fc",
					"https://files.example/<a>",
					"https://files.example/a\u0000",
				].map((url) => [{ files: [{ url }] }, /^files must/]),
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
		await adapter.report({}, 409);
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

	it("limits its adapter's address, too", async () => {
		const adapter = await Adapter.make(banter, receiver);
		const answers = await times(310, () => adapter.post([401, 429], "{}", {}, "receipts"));
		const { headers } = answers.find(({ status }) => status === 429);
		assert.match(headers["retry-after"], /^\d+$/);
	});
});

it("a channel is exported and imported, and goes on", async () => {
	const receiver = new Receiver();
	await receiver.start();
	const file = "channels.ndjson";
	await withBanter({ workers: 1, env: ALLOW }, async (banter) => {
		const adapter = await Adapter.make(banter, receiver);
		await adapter.send("e", "[[echo]] before");
		const { id: messageId } = await adapter.message("e");
		const { _id: conversationId } = await conversationOf(banter, adapter, "e");
		const place = { conversationId, messageId };
		const failure = { ...place, state: "failed", reason: "The phone is off" };
		const stored = await adapter.report(failure);
		await banter.stopStore();
		banter.startStore();
		await until("the store is back", () => seen(banter, place).catch(() => false));
		assert.deepEqual({ ...place, ...(await seen(banter, place)).receipt }, stored);
		const path = `${banter.directory ?? banter.dir}/${file}`;
		await expectTool(banter, 0, "export", "--output", path);
		await withBanter({ workers: 1, env: ALLOW }, async (second) => {
			await expectTool(second, 0, "import", path);
			const again = new Adapter(second, receiver, { id: adapter.id, secret: adapter.secret });
			await again.send("e", "[[echo]] after");
			assert.equal((await again.message("e", 2)).text, "after");
			assert.ok(await conversationOf(second, again, "e"));
			assert.deepEqual({ ...place, ...(await seen(second, place)).receipt }, stored);
			await again.report({ ...place, state: "read" });
			await expectTool(second, 0, "import", path);
			assert.equal(
				(await seen(second, place)).receipt.state,
				"read",
				"an import brings no old news",
			);
			await expectTool(second, 0, "verify");
		});
	});
	receiver.stop();
});

it("all documented answers were seen", () => contract.assertComplete("channels"));
