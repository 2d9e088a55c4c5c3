// Streams of events: a conversation as its owners and its session see it, in each worker, and across restarts.
// Messages, tokens and the end of replies arrive once, in both formats; resuming from any event continues
// there. What storaged tells workers: tests/unit/storaged/live/rooms.scenario.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { between, pick } from "../faults/random.mjs";
import { addUser, logIn } from "./accounts.mjs";
import { openStream } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { Follower, openOwners, openSession, ownersPath, sessionPath, View } from "./followers.mjs";
import { ADMIN_KEY, PASSWORD, times, until, useBanter, withBanter } from "./harness.mjs";
import { adminExpect, NOBODY } from "./organizations.mjs";
import {
	assertStreamHeaders,
	beginHanging,
	history,
	KEY,
	modelIsIdle,
	stop,
	storedMessages,
	wholeHistory,
	workersOf,
} from "./replies.mjs";
import { newId } from "./tool.mjs";
import { echo, makeWidget, openTabs, Visitor } from "./visitors.mjs";

const ADMIN = { "x-admin-api-key": ADMIN_KEY };
const contract = new Contract();

/** POST /v1/admin/conversations/{id}/{what}. */
const act = (banter, status, id, what, body) =>
	adminExpect(banter, status, "POST", `conversations/${id}/${what}`, body);
const NDJSON = { headers: {} };

/** An event without its ids. */
const brief = ({ type, role, content, token, message, status, position }) =>
	JSON.parse(JSON.stringify({ type, role, content, token, message, status, position }));

/** Reads the events up to the next `done`; the tokens are joined. */
async function reply(stream) {
	const events = [];
	do {
		const event = brief(await stream.next());
		if (event.type === "token" && events.at(-1)?.type === "token")
			events.at(-1).token += event.token;
		else events.push(event);
	} while (events.at(-1).type !== "done");
	return events;
}

const exchange = (question, answer) => [
	{ type: "message", role: "user", content: question, status: "complete" },
	{ type: "start", position: 0 },
	{ type: "token", token: answer },
	{ type: "done", message: answer, status: "complete" },
];

/** Waits until a stream has brought a question and its reply, whether live or afterwards. */
async function showsExchange(stream, question, answer) {
	const view = new View();
	while (view.rows().filter(([, , status]) => status).length < 2) view.take(await stream.next());
	assert.deepEqual(view.rows(), [
		["user", question, "complete"],
		["assistant", answer, "complete"],
	]);
}

/** Waits until a stream is at another worker than these. */
async function openElsewhere(banter, open, ...others) {
	const streams = [];
	for (;;) {
		const stream = await open();
		streams.push(stream);
		const [worker] = await workersOf(banter, [stream]);
		if (others.includes(worker)) continue;
		for (const one of streams.slice(0, -1)) one.leave();
		return stream;
	}
}

describe("events of a conversation", () => {
	const banter = useBanter({ workers: 2 });

	it("owners and the session receive messages and tokens, at each worker, in each format", async () => {
		const { json } = await banter.chat("live", echo("first"));
		const streams = [
			await openOwners(banter, json.conversationId),
			await openSession(banter, "live"),
			await openSession(banter, "live", NDJSON),
		];
		streams.push(
			await openElsewhere(
				banter,
				() => openOwners(banter, json.conversationId),
				...(await workersOf(banter, [streams[0]])),
			),
		);
		for (const stream of streams)
			assert.deepEqual(stream.state, {
				type: "state",
				conversationId: json.conversationId,
				state: "open",
				operator: null,
			});
		assertStreamHeaders(streams[0], "text/event-stream");
		assertStreamHeaders(streams[2], "application/x-ndjson");
		const question = echo("second and third");
		await banter.chat("live", question);
		for (const stream of streams) {
			assert.deepEqual(await reply(stream), exchange(question, "second and third"));
			stream.leave();
		}
	});

	it("a message that opens a resolved conversation is shown once, behind the new state", async () => {
		const { json } = await banter.chat("resolved", echo("first"));
		const path = `conversations/${json.conversationId}`;
		await adminExpect(banter, 200, "PUT", path, { state: "resolved" });
		const openOwn = () => openOwners(banter, json.conversationId);
		const streams = [await openOwn(), await openSession(banter, "resolved")];
		const [worker] = await workersOf(banter, streams);
		streams.push(await openElsewhere(banter, openOwn, worker));
		const question = echo("second");
		await banter.chat("resolved", question);
		for (const stream of streams) {
			assert.equal(stream.state.state, "resolved");
			assert.equal((await stream.next()).state, "open");
			await showsExchange(stream, question, "second");
			stream.leave();
		}
	});

	it("a session is followed before its first message; a running reply from its beginning", async () => {
		const early = await openSession(banter, "early");
		assert.deepEqual(early.state, {
			type: "state",
			conversationId: null,
			state: "open",
			operator: null,
		});
		const running = await beginHanging(banter, "early", 3);
		const { conversationId } = running;
		assert.deepEqual(await early.next(), { ...early.state, conversationId });
		assert.equal((await early.next()).content, running.message);
		const late = await openOwners(banter, conversationId);
		for (const stream of [early, late]) {
			assert.deepEqual(brief(await stream.next()), { type: "start", position: 0 });
			let text = "";
			while (text.length < running.text.length) text += (await stream.next()).token;
			assert.equal(text, running.text);
		}
		await stop(banter, running.messageId, "early");
		for (const stream of [early, late]) {
			assert.deepEqual(await stream.next(), {
				type: "done",
				messageId: running.messageId,
				message: running.text.trim(),
				status: "stopped",
			});
			stream.leave();
		}
	});

	it("a stream resumes after any of its events, without gap or duplicate", async () => {
		const { json } = await banter.chat("resumed", echo("before"));
		const streams = [
			await openOwners(banter, json.conversationId),
			await openSession(banter, "resumed"),
		];
		const opens = [
			(last) => openOwners(banter, json.conversationId, last),
			(last) => openSession(banter, "resumed", { last }),
		];
		await banter.chat("resumed", echo("one two three"));
		await banter.chat("resumed", echo("four"));
		for (const [i, stream] of streams.entries()) {
			const events = [];
			while (events.filter(({ type }) => type === "done").length < 2)
				events.push(await stream.next());
			stream.leave();
			const whole = new View();
			for (const event of events) whole.take(event);
			assert.equal(whole.rows().length, 4);
			for (let n = 0; n <= events.length; n++) {
				const follower = new Follower((last) => opens[i](last ?? stream.ids[n]));
				for (const event of events.slice(0, n)) follower.view.take(event);
				await follower.has(whole.rows());
				await follower.stop();
			}
		}
	});

	it("a widget's visitor is followed, and its typing is seen", async () => {
		const widget = await makeWidget(banter);
		const visitor = await Visitor.open(banter, widget, { stream: true });
		visitor.say(echo("hi"));
		await visitor.upTo("typing_stop");
		const { conversations } = await banter.conversations();
		const { _id } = conversations.find(({ widgetId }) => widgetId === widget.id);
		const stream = await openOwners(banter, _id);
		visitor.send({ type: "typing" });
		assert.deepEqual(await stream.next(), { type: "typing", role: "user" });
		visitor.say(echo("again"));
		assert.deepEqual(await reply(stream), exchange(echo("again"), "again"));
		stream.leave();
		await visitor.close();
	});

	it("typing over HTTP is seen by the owners; a session without a conversation may type too", async () => {
		const type = (sessionId) =>
			banter.request("POST", "/v1/chat/typing", { headers: KEY, body: { sessionId } });
		assert.equal((await type("nobody-yet")).status, 204);
		const { json } = await banter.chat("typist", echo("hi"));
		const stream = await openOwners(banter, json.conversationId);
		assert.equal((await type("typist")).status, 204);
		assert.deepEqual(await stream.next(), { type: "typing", role: "user" });
		stream.leave();
	});

	it("operators see each other in a conversation, at each worker, and visitors see nothing of it", async () => {
		const { conversationId: id } = (await banter.chat("presence", echo("hi"))).json;
		const jane = await logIn(
			banter,
			await addUser(banter, "jane@presence.example", "--name", "Jane"),
		);
		const path = `/v1/admin/conversations/${id}/presence`;
		const tell = (status, body, headers = ADMIN, to = path) =>
			contract.drive(banter, status, "POST", to, { headers, body });
		const owners = [];
		do owners.push(await openOwners(banter, id));
		while (new Set(await workersOf(banter, owners)).size < 2);
		const visitor = await openSession(banter, "presence", { operators: 1 });
		await tell(204, { doing: "viewing" }, jane);
		await tell(204, { doing: "writing" }, jane);
		await tell(204, { doing: "left" });
		for (const stream of owners) {
			const events = [await stream.next(), await stream.next(), await stream.next()];
			const seen = events.map(({ type, operator, doing }) => [type, operator.name, doing]);
			assert.deepEqual(seen, [
				["presence", "Jane", "viewing"],
				["presence", "Jane", "writing"],
				["presence", "", "left"],
			]);
			assert.equal(events[0].operator.id, events[1].operator.id);
			assert.notEqual(events[0].operator.id, events[2].operator.id);
			contract.checkStream(ownersPath(id), stream, events);
			stream.leave();
		}
		assert.equal((await banter.chat("presence", echo("again"))).status, 200);
		await showsExchange(visitor, echo("again"), "again");
		visitor.leave();
		await tell(400, "[]");
		await tell(404, { doing: "viewing" }, ADMIN, path.replace(id, NOBODY));
		await tell(413, undefined, { ...ADMIN, "content-length": "4097" });
		for (const body of [{}, { doing: "sleeping" }, { doing: "viewing", since: 1 }])
			await tell(422, body);
	});

	it("when the conversation is deleted, owners' streams end, and the session's go on with the next one", async () => {
		const { json } = await banter.chat("erased", echo("hi"));
		const owners = await openOwners(banter, json.conversationId);
		const session = await openSession(banter, "erased");
		const last = session.ids[0];
		await banter.request("DELETE", `/v1/admin/conversations/${json.conversationId}`, {
			headers: ADMIN,
		});
		assert.deepEqual(await owners.rest(), [{ type: "erased" }]);
		contract.checkStream(ownersPath(json.conversationId), owners, [owners.state]);
		assert.equal((await openOwners(banter, json.conversationId, owners.ids.at(-1))).status, 404);
		assert.deepEqual(await session.next(), { type: "erased" });
		assert.deepEqual(await session.next(), { ...session.state, conversationId: null });
		const { json: next } = await banter.chat("erased", echo("anew"));
		const { conversationId } = next;
		assert.deepEqual(await session.next(), { ...session.state, conversationId });
		await showsExchange(session, echo("anew"), "anew");
		session.leave();
		const resumed = await openSession(banter, "erased", { last });
		assert.deepEqual(resumed.state, { type: "erased" });
		assert.deepEqual(brief(await resumed.next()), { type: "state" });
		assert.equal((await resumed.next()).content, echo("anew"));
		resumed.leave();
	});

	for (const [what, last] of [
		["text", "yesterday"],
		["another conversation's event", `${newId()}.1`],
		["a number that is too large", `${newId()}.99999999999999999999`],
	])
		it(`a Last-Event-ID that is ${what} is refused`, async () => {
			const { json } = await banter.chat("last", echo("hi"));
			const { status, json: error } = await banter.get(ownersPath(json.conversationId), {
				...ADMIN,
				"last-event-id": last,
			});
			assert.deepEqual([status, error.error], [400, "Invalid query parameters"]);
		});

	it("a reply that breaks off is sent as a message with what is stored", async () => {
		const { json } = await banter.chat("broken", echo("hi"));
		const stream = await openOwners(banter, json.conversationId);
		const message = "[[tokens=5 cut-after=2]] broken";
		await banter.stream("broken", message).then((one) => one.rest());
		const view = new View();
		await until("the broken reply", async () => {
			view.take(await stream.next());
			return view.rows().some(([, , status]) => status === "interrupted");
		});
		assert.deepEqual(view.rows(), (await storedMessages(banter, "broken")).slice(2));
		stream.leave();
	});

	it("an operator's messages and typing reach every client of the visitor, each as it knows people", async () => {
		const { json } = await banter.chat("person", echo("hi"));
		const id = json.conversationId;
		const owners = await openOwners(banter, id);
		const knowing = [
			await openSession(banter, "person", { operators: 1 }),
			await openSession(banter, "person", { ...NDJSON, operators: 1 }),
		];
		const plain = [
			await openSession(banter, "person"),
			await openSession(banter, "person", NDJSON),
		];
		await act(banter, 200, id, "takeover", { name: "Jane" });
		for (const stream of [owners, ...knowing, ...plain]) {
			const { state, operator } = await stream.next();
			assert.deepEqual([state, operator.name], ["person", "Jane"]);
			assert.equal("id" in operator, stream === owners, "only owners get ids");
		}
		await act(banter, 204, id, "typing");
		for (const stream of [...knowing, ...plain])
			assert.deepEqual(await stream.next(), { type: "typing", role: "operator" });
		const { _id } = await act(banter, 201, id, "messages", { content: "Hello" });
		for (const stream of [owners, ...knowing, ...plain]) {
			const { createdAt, author, ...message } = await stream.next();
			const role = plain.includes(stream) ? "assistant" : "operator";
			assert.deepEqual(message, {
				type: "message",
				id: _id,
				role,
				content: "Hello",
				status: "complete",
			});
			assert.equal(author?.name, role === "operator" ? "Jane" : undefined);
		}
		await banter.chat("person", "and you?");
		for (const stream of [owners, ...knowing, ...plain])
			assert.equal((await stream.next()).content, "and you?");
		await act(banter, 200, id, "handback");
		for (const stream of [owners, ...knowing, ...plain]) {
			const { state, operator } = await stream.next();
			assert.deepEqual([state, operator], ["open", null]);
			stream.leave();
		}
		const stored = async (parameters) =>
			(await history(banter, "person", parameters)).json.messages.map(({ role }) => role);
		assert.deepEqual(await stored(), ["user", "assistant", "assistant", "user"]);
		assert.deepEqual(await stored({ operators: 1 }), ["user", "assistant", "operator", "user"]);
	});

	it("an operator's messages and typing reach every tab of a widget's visitor, at each worker", async () => {
		const [plain, knowing] = await openTabs(banter, 2, { stream: true });
		const people = await plain.again({ stream: true, operators: true });
		await plain.ask(echo("hi"));
		for (const tab of [knowing, people]) await tab.upTo("typing_stop");
		const { conversations } = await banter.conversations();
		const { _id: id } = conversations.find(({ widgetId }) => widgetId === plain.widget.id);
		await act(banter, 200, id, "takeover", { name: "Jane" });
		assert.deepEqual(await people.next(), {
			type: "operator",
			state: "joined",
			name: "Jane",
		});
		await act(banter, 204, id, "typing");
		for (const tab of [plain, knowing])
			assert.deepEqual(await tab.next(), { type: "typing_start" });
		assert.deepEqual(await people.next(), { type: "operator", state: "typing" });
		await act(banter, 201, id, "messages", { content: "Hello" });
		assert.deepEqual(await people.next(), { type: "typing_start" });
		for (const tab of [plain, knowing, people]) {
			const [{ type, role, content, author }, stop] = [await tab.next(), await tab.next()];
			const person = tab === people;
			assert.deepEqual([type, content, stop.type], ["message", "Hello", "typing_stop"]);
			assert.deepEqual(
				[role, author?.name],
				person ? ["operator", "Jane"] : ["assistant", undefined],
			);
		}
		await act(banter, 200, id, "handback");
		assert.deepEqual(await people.next(), { type: "operator", state: "left" });
		const { history: again } = await plain.again({ operators: true });
		assert.deepEqual(again.at(-1), {
			role: "operator",
			author: { name: "Jane" },
			content: "Hello",
		});
		await act(banter, 200, id, "takeover", { name: "Jane" });
		const joined = await people.next();
		await banter.request("DELETE", `/v1/admin/conversations/${id}`, { headers: ADMIN });
		const last = [joined, await people.next(), await people.next()];
		assert.deepEqual(
			last.map(({ type, state }) => state ?? type),
			["joined", "history", "left"],
		);
		for (const tab of [plain, knowing, people]) await tab.close();
	});

	it("a reply that begins while an operator's typing is shown ends the typing once", async () => {
		const [plain, other] = await openTabs(banter, 2, { stream: true });
		await plain.ask(echo("hi"));
		await other.upTo("typing_stop");
		const { conversations } = await banter.conversations();
		const { _id: id } = conversations.find(({ widgetId }) => widgetId === plain.widget.id);
		await act(banter, 200, id, "takeover");
		await act(banter, 204, id, "typing");
		assert.equal((await other.next()).type, "typing_start");
		await act(banter, 200, id, "handback");
		plain.send({ type: "message", content: echo("on") });
		const frames = (await other.upTo("typing_stop")).filter(({ type }) => type !== "token");
		assert.deepEqual(
			frames.map(({ type, role }) => role ?? type),
			["user", "assistant", "typing_stop"],
		);
		for (const tab of [plain, other]) await tab.close();
	});

	it("typing in a conversation that the caller has not taken over, or that does not exist, is refused", async () => {
		const { json } = await banter.chat("not-taken", echo("hi"));
		const path = (id) => `/v1/admin/conversations/${id}/typing`;
		for (const [status, id] of [
			[409, json.conversationId],
			[404, NOBODY],
			[400, "a%20b"],
		])
			await contract.drive(banter, status, "POST", path(id), { headers: ADMIN });
		await act(banter, 200, json.conversationId, "takeover", { name: "Jane" });
		await contract.drive(banter, 204, "POST", path(json.conversationId), { headers: ADMIN });
		for (const id of [NOBODY, "a%20b"])
			await contract.drive(banter, id === NOBODY ? 404 : 400, "GET", ownersPath(id), {
				headers: ADMIN,
			});
	});

	it("HEAD has the head of the stream alone", async () => {
		const answer = await banter.request("HEAD", sessionPath("head"), { headers: KEY });
		assertStreamHeaders(answer, "application/x-ndjson");
	});
});

it("a silent stream has pings, or comments; an owner's ends when the session signs out", () =>
	withBanter({ workers: 1, env: { EVENT_STREAM_SILENCE_MS: "200" } }, async (banter) => {
		const silent = await openSession(banter, "silent", NDJSON);
		assert.deepEqual(await silent.next(), { type: "ping" });
		const { json } = await banter.chat("silent", echo("hi"));
		const session = await logIn(banter, { password: PASSWORD });
		const owner = await openStream(banter.url, ownersPath(json.conversationId), session);
		await until("comments", () => owner.sse.comments > 1);
		await banter.request("POST", "/api/logout", { headers: session });
		assert.deepEqual((await owner.rest()).slice(1), []);
		silent.leave();
	}));

it("a worker that is replaced ends its streams, which resume elsewhere", () =>
	withBanter({ workers: 2 }, async (banter) => {
		const { json } = await banter.chat("reload", echo("hi"));
		const followers = await times(
			4,
			() => new Follower((last) => openOwners(banter, json.conversationId, last)),
		);
		for (const one of followers) await until("a stream", () => one.ready);
		await banter.reload();
		await until("all have reconnected", () => followers.every(({ reconnects }) => reconnects > 0));
		await banter.chat("reload", echo("after"));
		const rows = (await storedMessages(banter, "reload")).slice(2);
		for (const one of followers) {
			await one.has(rows);
			await one.stop();
		}
	}));

it("a client that reads too slowly is disconnected, and resumes without gap or duplicate", () =>
	withBanter({ workers: 1, env: { MAX_HISTORY_MESSAGES: "1" } }, async (banter) => {
		const { json } = await banter.chat("slow", echo("hi"));
		const follower = new Follower((last) => openOwners(banter, json.conversationId, last));
		await until("a stream", () => follower.ready);
		follower.stream.response.pause();
		for (let n = 0; (await banter.metric("streams")) > 0; n++) {
			assert.ok(n < 100, "it was not disconnected");
			await banter.chat("slow", `[[huge=500000]] ${n}`);
		}
		follower.stream.response.resume();
		const rows = (await wholeHistory(banter, "slow")).map((one) => [
			one.role,
			one.content,
			one.status,
		]);
		await follower.has(rows.slice(2));
		assert.ok(follower.reconnects > 0);
		await follower.stop();
	}));

it("100 followers at two workers receive everything once while workers and the store are killed", () =>
	withBanter({ workers: 2 }, async (banter) => {
		const { json } = await banter.chat("storm", echo("hi"));
		const opens = [
			(last) => openOwners(banter, json.conversationId, last),
			(last) => openSession(banter, "storm", { last }),
		];
		const followers = await times(100, (i) => new Follower(opens[i % 2]));
		for (const one of followers) await until("a stream", () => one.ready);
		for (let round = 0; round < 6; round++) {
			const send = banter.stream("storm", `[[stamp tokens=30 delay=10]] ${round}`);
			await send.then((stream) => stream.tokens(between(0, 10))).catch(() => {});
			if (pick(["worker", "store"]) === "store") banter.storaged.kill("SIGKILL");
			else await banter.killWorkers([pick(banter.workerPids())]);
			await banter.ready();
		}
		await modelIsIdle(banter);
		const rows = await until("all replies have ended", async () => {
			const { json: list } = await banter.get(`/v1/chat/history?sessionId=storm`, KEY);
			return list.active === null && (await storedMessages(banter, "storm")).slice(2);
		});
		for (const one of followers) await one.has(rows);
		for (const one of followers) await one.stop();
	}));

it("shows every documented status", () => contract.assertComplete("conversation-events"));
