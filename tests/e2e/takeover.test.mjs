// People in conversations: takeover, an operator's messages, handback, and models that ask for a person. Which
// outcome each race has is shown in unit/storaged/inbox/takeover.scenario.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN, addUser, logIn } from "./accounts.mjs";
import { openStream, textOf } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { PASSWORD, times, until, useBanter, withBanter } from "./harness.mjs";
import { AGENT, adminExpect, NOBODY } from "./organizations.mjs";
import { begin, history, KEY, resumePath, SSE } from "./replies.mjs";
import { expectTool } from "./tool.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const contract = new Contract();

const BY_KEY = { id: "00000000-0000-0000-0000-000000000001", name: "Jane" };
const HANDOVER = "A member of our team will answer you here.";

/** POST /v1/admin/conversations/{id}/{what}, checked against the document; resolves to the JSON. */
async function act(banter, status, id, what, body, headers = ADMIN) {
	const path = `/v1/admin/conversations/${id}/${what}`;
	return (await contract.drive(banter, status, "POST", path, { headers, body })).json;
}

const takeOver = (banter, id, name = "Jane") => act(banter, 200, id, "takeover", { name });
const handBack = (banter, id) => act(banter, 200, id, "handback");
const write = (banter, id, content, clientMessageId) =>
	act(banter, 201, id, "messages", { content, clientMessageId });

/** A message from a client that knows people. */
const knowing = (banter, sessionId, message, path = "/v1/chat") =>
	contract.drive(banter, 200, "POST", path, {
		headers: KEY,
		body: { sessionId, message, operators: true },
	});

async function begun(banter, sessionId, message = "[[echo]] hi") {
	return (await banter.chat(sessionId, message)).json.conversationId;
}

const eventsOf = (text) => text.trim().split("\n").map(JSON.parse);

describe("a conversation that a person has taken over", () => {
	const banter = useBanter({ workers: 2 });

	it("is answered by the person, and again by the model after the handback", async () => {
		const id = await begun(banter, "life");
		assert.deepEqual(await takeOver(banter, id), { state: "person", operator: BY_KEY });
		const { conversation } = await banter.thread(id);
		assert.deepEqual([conversation.state, conversation.operator], ["person", BY_KEY]);

		const { calls } = await banter.model("stats");
		const answer = await banter.chat("life", "[[echo]] anybody?");
		assert.deepEqual([answer.status, answer.json.message], [200, HANDOVER]);
		assert.equal((await banter.model("stats")).calls, calls, "the model was not called");

		const message = await write(banter, id, "I am here.");
		assert.deepEqual([message.role, message.author], ["operator", BY_KEY]);
		assert.deepEqual(await handBack(banter, id), { state: "open", operator: null });

		assert.equal((await banter.chat("life", "[[echo]] thanks")).json.message, "thanks");
		const { messages } = (await banter.model("last")).body;
		assert.deepEqual(
			messages.slice(1).map(({ role, content }) => [role, content]),
			[
				["user", "[[echo]] hi"],
				["assistant", "hi"],
				["user", "[[echo]] anybody?"],
				["assistant", "I am here."],
				["user", "[[echo]] thanks"],
			],
		);
		assert.deepEqual(await banter.messages(id), [
			["user", "[[echo]] hi", "complete"],
			["assistant", "hi", "complete"],
			["user", "[[echo]] anybody?", "complete"],
			["operator", "I am here.", "complete"],
			["user", "[[echo]] thanks", "complete"],
			["assistant", "thanks", "complete"],
		]);
		const rolesOf = async (parameters) =>
			(await history(banter, "life", parameters)).json.messages.map(({ role }) => role);
		assert.equal((await rolesOf({}))[3], "assistant", "other clients do not know people");
		assert.equal((await rolesOf({ operators: 1 }))[3], "operator");
		await expectTool(banter, 0, "verify");
	});

	it("has its running reply stopped, whose text is kept", async () => {
		const message = "[[tokens=9 hold-after=3]] takeover";
		const { stream, conversationId } = await begin(banter, "running", message, 3);
		await takeOver(banter, conversationId);
		const done = (await stream.rest()).at(-1);
		assert.deepEqual([done.type, done.message, done.status], ["done", "t0 t1 t2", "stopped"]);
		assert.deepEqual(await banter.messages(conversationId), [
			["user", message, "complete"],
			["assistant", "t0 t1 t2", "stopped"],
		]);
	});

	describe("answers a visitor at once", () => {
		let id;
		before(async () => {
			await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { handover_text: "Jane is here." });
			id = await begun(banter, "formats");
			await takeOver(banter, id);
		});

		for (const [format, headers, parse] of [
			["NDJSON", {}, (stream) => stream.rest()],
			["server-sent events", SSE, (stream) => stream.rest()],
		])
			it(`as ${format}, with the agent's text`, async () => {
				const events = await parse(await banter.stream("formats", "hello?", { headers }));
				const [{ conversationId, messageId }] = events;
				assert.deepEqual(events, [
					{ type: "start", conversationId, messageId },
					{ type: "token", token: "Jane is here." },
					{ type: "done", message: "Jane is here.", conversationId, messageId },
				]);
				const path = resumePath(messageId, "formats");
				const resumed = await openStream(banter.url, path, KEY, undefined);
				assert.deepEqual((await resumed.rest()).at(-1), events.at(-1));
			});

		it("with a handover, if the client knows people", async () => {
			const { json } = await knowing(banter, "formats", "hello?");
			const { conversationId, messageId } = json;
			const handover = { state: "person", operator: "Jane" };
			assert.deepEqual(json, {
				...{ conversationId, messageId, message: "", usage: null, handover: true, ...handover },
			});
			const { text } = await knowing(banter, "formats", "hello?", "/v1/chat/stream");
			assert.deepEqual(
				eventsOf(text).map(({ conversationId, messageId, ...event }) => event),
				[
					{ type: "start" },
					{ type: "handover", ...handover },
					{ type: "done", message: "", handover: true },
				],
			);
		});

		it("and stores the message once, also if it is sent again", async () => {
			const options = { headers: { "idempotency-key": "once" } };
			const answers = [];
			for (let i = 0; i < 3; i++) answers.push(await banter.chat("formats", "once?", options));
			assert.deepEqual(
				answers.map(({ json }) => json),
				answers.map(() => answers[0].json),
			);
			const messages = await banter.messages(id);
			assert.equal(messages.filter(([, content]) => content === "once?").length, 1);
			assert.ok(!messages.some(([, content]) => content === "Jane is here."), "not stored");
		});

		it("over a WebSocket, with the agent's text or a handover", async () => {
			const widget = await makeWidget(banter);
			const plain = await Visitor.open(banter, widget);
			await plain.ask("[[echo]] hi");
			const { conversations } = await banter.conversations();
			await takeOver(banter, conversations[0]._id);
			plain.say("hello?");
			assert.deepEqual((await plain.reply()).slice(0, 2), [
				["typing_start"],
				["message", "Jane is here."],
			]);
			const other = await plain.again({ operators: true });
			other.say("hello again?");
			const [frame] = (await other.upTo("handover")).slice(-1);
			assert.deepEqual(frame, { type: "handover", state: "person", operator: "Jane" });
		});
	});
});

describe("operators", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" } });

	it("are users, organizations' keys, ADMIN_API_KEY and DASHBOARD_PASSWORD", async () => {
		const user = await logIn(banter, await addUser(banter, "joe@example.com", "--name", "Joe Doe"));
		const password = await logIn(banter, { password: PASSWORD });
		const key = await adminExpect(banter, 201, "POST", "keys", { name: "Bot", kind: "admin" });
		const me = (await banter.request("GET", "/v1/admin/me", { headers: user })).json;
		const id = await begun(banter, "identities");
		for (const [headers, operator] of [
			[user, { id: me.user.id, name: "Joe Doe" }],
			[password, { id: "00000000-0000-0000-0000-000000000002", name: null }],
			[{ "x-admin-api-key": key.key }, { id: key.id, name: null }],
			[ADMIN, { ...BY_KEY, name: null }],
		]) {
			const holder = await act(banter, 200, id, "takeover", undefined, headers);
			assert.deepEqual(holder, { state: "person", operator });
			const message = await act(banter, 201, id, "messages", { content: "hi" }, headers);
			assert.deepEqual(message.author, operator);
			await act(banter, 200, id, "handback", undefined, headers);
		}
	});

	it("exclude each other, unless one uses force", async () => {
		const joe = await logIn(banter, await addUser(banter, "two@example.com", "--name", "Two"));
		const id = await begun(banter, "exclusion");
		const refused = await act(banter, 409, id, "messages", { content: "x" });
		assert.deepEqual([refused.code, refused.operator], ["not_taken_over", null]);
		await takeOver(banter, id);
		for (const [what, body] of [["takeover"], ["handback"], ["messages", { content: "x" }]]) {
			const { code, state, operator } = await act(banter, 409, id, what, body, joe);
			assert.deepEqual(
				{ code, state, operator },
				{ code: "taken", state: "person", operator: BY_KEY },
			);
		}
		const { operator } = await act(banter, 200, id, "takeover", { force: true }, joe);
		assert.equal(operator.name, "Two");
		assert.equal((await act(banter, 409, id, "messages", { content: "x" })).code, "taken");
		assert.deepEqual(await act(banter, 200, id, "handback", { force: true }), {
			state: "open",
			operator: null,
		});
	});

	it("store a message once for each clientMessageId, also at the same time", async () => {
		const id = await begun(banter, "once");
		await takeOver(banter, id);
		const stored = await times(10, () => write(banter, id, "only once", "m-1"));
		assert.equal(new Set(stored.map(({ _id }) => _id)).size, 1);
		const messages = await banter.messages(id);
		assert.equal(messages.filter(([role]) => role === "operator").length, 1);
		const conflict = { content: "another text", clientMessageId: "m-1" };
		assert.equal((await act(banter, 409, id, "messages", conflict)).code, "id_conflict");
	});

	it("are asked for by true or false, and nothing else", async () => {
		const body = { sessionId: "wrong", message: "x", operators: 1 };
		const { status, json } = await banter.request("POST", "/v1/chat", { headers: KEY, body });
		assert.deepEqual([status, json.details], [400, "operators must be true or false"]);
	});

	it("get 400, 404, 413 and 422 for invalid requests", async () => {
		const id = await begun(banter, "invalid");
		for (const what of ["takeover", "handback", "messages"]) {
			await act(banter, 404, NOBODY, what, what === "messages" ? { content: "x" } : undefined);
			await act(banter, 400, "!", what, { content: "x" });
			await act(banter, 400, id, what, "[]");
			await act(banter, 413, id, what, { content: "x".repeat(200_000) });
			await act(banter, 422, id, what, { unknown: 1 });
		}
		for (const body of [
			{ content: "" },
			{ content: "x".repeat(16_001) },
			{ content: "x", clientMessageId: "~x" },
		])
			await act(banter, 422, id, "messages", body);
	});
});

describe("a model that asks for a person", () => {
	for (const [how, stub] of [
		["by the tool", []],
		["by a marker, as it knows no tools", ["--script", "no-tools=400"]],
	])
		it(`${how}: the visitor reads the agent's text, and the conversation waits`, () =>
			withBanter({ workers: 1, stub }, async (banter) => {
				await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, {
					escalation_instructions: "Refunds.",
					waiting_text: "Jane will come.",
				});
				const message = '[[text="One moment." hand-over]] refund';
				const text = "One moment.\n\nJane will come.";
				const { json } = await banter.chat("asks", message);
				assert.deepEqual([json.message, json.handover], [text, undefined]);
				const { conversation, messages } = await banter.thread(json.conversationId);
				assert.deepEqual([conversation.state, messages[1].content], ["waiting", text]);

				// The model answers until a person comes.
				const answer = (await knowing(banter, "asks", message)).json;
				assert.deepEqual([answer.handover, answer.state, answer.message], [true, "waiting", text]);
				const { text: events } = await knowing(banter, "asks", message, "/v1/chat/stream");
				const types = eventsOf(events).map(({ type, state }) => [type, state]);
				assert.deepEqual(types.slice(-2), [
					["handover", "waiting"],
					["done", undefined],
				]);
				await takeOver(banter, json.conversationId);
			}));
});

describe("a visitor who asks for a person", () => {
	const banter = useBanter({ workers: 2 });
	const WAITING = "I have asked a person to help you. Please wait here for the answer.";
	const newest = async () => (await banter.conversations()).conversations[0];
	const stateOf = async (id) => (await banter.thread(id)).conversation.state;
	const calls = async () => (await banter.model("stats")).calls;

	it("gets one by a frame, before the first message and whatever the model does", async () => {
		const widget = await makeWidget(banter);
		const before = await calls();
		const visitor = await Visitor.open(banter, widget, { stream: true, operators: true });
		visitor.send({ type: "person", content: "[[fail=500]] A person, please", id: "p-1" });
		const frames = await visitor.upTo("operator");
		assert.equal(frames.find(({ type }) => type === "message").content, WAITING);
		assert.deepEqual(frames.at(-1), { type: "operator", state: "waiting" });
		const { _id } = await newest();
		assert.equal(await stateOf(_id), "waiting");
		// The same request again changes nothing.
		visitor.send({ type: "person", content: "[[fail=500]] A person, please", id: "p-1" });
		await visitor.upTo("typing_stop");
		assert.deepEqual(await banter.messages(_id), [
			["user", "[[fail=500]] A person, please", "complete"],
			["assistant", WAITING, "complete"],
		]);
		assert.equal(await calls(), before);
		// The model goes on until somebody takes over.
		assert.equal(await visitor.ask("[[echo]] still here"), "still here");
		await takeOver(banter, _id);
		visitor.send({ type: "person" });
		assert.equal((await visitor.upTo("handover")).at(-1).operator, "Jane");
		assert.equal(await stateOf(_id), "person");
		await visitor.close();
	});

	it("does not wait for a reply that is being written", async () => {
		const widget = await makeWidget(banter);
		const visitor = await Visitor.open(banter, widget, { stream: true, operators: true });
		visitor.say("[[tokens=9 hold-after=3]] endless");
		await visitor.upTo("token");
		visitor.send({ type: "person" });
		await visitor.upTo("operator");
		const { _id } = await newest();
		const messages = await banter.messages(_id);
		assert.equal(messages[1][2], "stopped");
		assert.deepEqual(messages.slice(2), [
			["user", "I would like to talk to a person.", "complete"],
			["assistant", WAITING, "complete"],
		]);
		await banter.release("endless");
		await visitor.close();
	});

	it("goes before the messages that wait", async () => {
		const widget = await makeWidget(banter);
		const visitor = await Visitor.open(banter, widget, { stream: true, operators: true });
		visitor.say("[[tokens=9 hold-after=3]] first");
		await visitor.upTo("token");
		for (const text of ["second", "third"]) visitor.say(`[[echo]] ${text}`);
		visitor.send({ type: "person", content: "A person" });
		const replies = [];
		while (!replies.includes("third")) {
			const frame = await visitor.next();
			if (frame.type === "message") replies.push(frame.content);
		}
		assert.deepEqual(replies, ["t0 t1 t2", WAITING, "second", "third"]);
		await banter.release("first");
		await visitor.close();
	});

	for (const [state, begins, ends] of [
		[
			"the budget is spent",
			() => adminExpect(banter, 200, "PUT", "budgets", { organization: { dailyTokens: 1 } }),
			() => adminExpect(banter, 200, "PUT", "budgets", { organization: null }),
		],
		[
			"the agent is disabled",
			() => adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { enabled: false }),
			() => adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { enabled: true }),
		],
	])
		it(`gets one when ${state}, who answers`, async () => {
			const widget = await makeWidget(banter);
			await begins();
			const visitor = await Visitor.open(banter, widget, { stream: true, operators: true });
			visitor.send({ type: "person", content: "A person" });
			await visitor.upTo("operator");
			await visitor.close();
			const { json } = await contract.drive(banter, 200, "POST", "/v1/chat", {
				headers: KEY,
				body: { sessionId: state.replaceAll(" ", "-"), message: "A person", person: true },
			});
			assert.equal(await stateOf(json.conversationId), "waiting");
			await ends();
		});

	it("reads the agent's text in a stream, too", async () => {
		await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { waiting_text: "Wait for Jane." });
		for (const headers of [KEY, { ...KEY, ...SSE }]) {
			const body = { sessionId: `read${headers === KEY}`, message: "A person", person: true };
			const stream = await openStream(banter.url, "/v1/chat/stream", headers, body);
			assert.equal(textOf(await stream.rest()), "Wait for Jane.");
		}
		await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { waiting_text: "" });
	});

	const wish = { message: "Help", person: true };
	for (const [how, path, body, status] of [
		["a member of a message", "/v1/chat", { sessionId: "whole", ...wish }, 200],
		["a member of a stream", "/v1/chat/stream", { sessionId: "streamed", ...wish }, 200],
		["a frame that is posted", "/v1/chat/feed/frames?sessionId=posted", { type: "person" }, 202],
	])
		it(`gets one by ${how}, with the agent's text`, async () => {
			await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { waiting_text: "Jane will come." });
			await contract.drive(banter, status, "POST", path, {
				headers: KEY,
				body,
			});
			const { _id } = await newest();
			await until("it waits", async () => (await stateOf(_id)) === "waiting");
			assert.equal((await banter.messages(_id))[1][1], "Jane will come.");
		});
});

describe("an operator who is silent", () => {
	const banter = useBanter({ workers: 2, env: { OPERATOR_TIMEOUT_MS: "4000" } });
	const isOpen = async (id) => (await banter.thread(id)).conversation.state === "open";

	it("loses the conversation to the model, which answers what the visitor has asked", async () => {
		const id = await begun(banter, "silent");
		await takeOver(banter, id);
		assert.equal((await banter.chat("silent", "[[echo]] anybody?")).json.message, HANDOVER);
		await until("the reply", async () => (await banter.messages(id)).length === 4);
		assert.deepEqual((await banter.messages(id)).slice(2), [
			["user", "[[echo]] anybody?", "complete"],
			["assistant", "anybody?", "complete"],
		]);
		assert.ok(await isOpen(id));
		assert.equal((await banter.chat("silent", "[[echo]] thanks")).json.message, "thanks");
	});

	it("is shown to the visitor's tabs, which receive the reply live", async () => {
		const widget = await makeWidget(banter);
		const visitor = await Visitor.open(banter, widget, { stream: true, operators: true });
		assert.equal(await visitor.ask("[[echo]] hi"), "hi");
		const [{ _id }] = (await banter.conversations()).conversations;
		await takeOver(banter, _id);
		const other = await visitor.again({ stream: true });
		visitor.say("[[tokens=3 hold-after=1]] anybody?");
		await visitor.upTo("handover");
		// The worker of the reply and the store report independently, in any order.
		const frames = [];
		while (!["operator", "typing_start"].every((one) => frames.some(({ type }) => type === one)))
			frames.push(await visitor.next());
		assert.deepEqual(
			frames.find(({ type }) => type === "operator"),
			{ type: "operator", state: "left" },
		);
		const heard = await other.upTo("typing_start");
		await banter.release("anybody?");
		frames.push(...(await visitor.upTo("typing_stop")));
		heard.push(...(await other.upTo("typing_stop")));
		for (const one of [frames, heard]) assert.equal(textOf(one).trim(), "t0 t1 t2");
		await visitor.close();
		await other.close();
	});
});

it("shows every documented status", () => contract.assertComplete("takeover"));
