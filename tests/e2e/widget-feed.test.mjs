// A widget's frames without a WebSocket (workerd/api/feed): the same as over one, by each carrier, at any worker, and
// across restarts; and the visitor's frames, each a request of its own.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { Feed, feedContract, feedPath } from "./feeds.mjs";
import { Follower, openOwners, openSession, View } from "./followers.mjs";
import { numbered, until, useBanter, WIDGET_KEY, whileStopped, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { connectToOtherWorker, KEY, postOn, wholeHistory } from "./replies.mjs";
import {
	avoidMidnight,
	changeWidget,
	conversationsOf,
	deleteConversation,
	deleteWidget,
	echo,
	exchanged,
	makeSession,
	makeWidget,
	openAtOtherWorker,
	replyOf,
	said,
	summary,
	Visitor,
} from "./visitors.mjs";

after(() => Feed.closeAll());

const CARRIERS = ["sse", "ndjson", "poll"];
const MODE = { stream: true };
const tokensOf = (frames) => textOf(frames).trim();

/** What a visitor receives of an exchange without tokens; its own message is first. */
const exchangeOf = (question, reply) => [["message", question, "user"], ...replyOf(reply)];

/** Where visitors come from: a new widget, or a new session with the key. */
const PLACES = { widget: makeWidget, session: makeSession };

for (const [carrier, place] of CARRIERS.flatMap((one) =>
	Object.keys(PLACES).map((two) => [one, two]),
))
	describe(`frames of a ${place} by ${carrier}`, () => {
		const banter = useBanter({ workers: 3 });
		const open = async (options) =>
			Feed.open(banter, await PLACES[place](banter), { carrier, ...options });
		/** The reply of this feed breaks off after its first token; a poll gets none behind another one that did. */
		const breakOff = async (feed, isSecond) => {
			await feed.upTo(isSecond && carrier === "poll" ? "typing_start" : "token");
			await banter.killWorkers(banter.workerPids());
			await banter.ready();
			await feed.upTo("typing_stop");
		};

		it("are those of the WebSocket, for each of the visitor's feeds", async () => {
			const one = await open();
			const answer = await one.say(echo("first"), "m-1");
			assert.equal(answer.status, 202);
			assert.deepEqual(answer.json.frames, []);
			const frames = await one.upTo("typing_stop");
			assert.deepEqual(frames.map(summary), exchangeOf(echo("first"), "first"));
			assert.equal(frames.at(-2).id, answer.json.reply);
			const two = await one.again();
			assert.deepEqual(said(two.history.messages), exchanged("first"));
			const tab = await Visitor.open(banter, one.widget, { token: one.token });
			await tab.next();
			await tab.ask(echo("second"));
			for (const feed of [one, two]) {
				assert.deepEqual(await feed.exchange(), exchangeOf(echo("second"), "second"));
				await feed.close();
			}
		});

		it("bring tokens while the reply runs, and go on within it by another carrier", async () => {
			const one = await open(MODE);
			await one.say("[[tokens=200 hold-after=50]] switched");
			const frames = await one.upTo("typing_start");
			while (tokensOf(frames) !== numbered(50)) frames.push(await one.next());
			for (const other of CARRIERS.filter((name) => name !== carrier)) {
				await one.switchTo(other);
				const tab = await one.again(MODE);
				assert.equal((await tab.next()).type, "typing_start");
				await tab.close();
			}
			await banter.release("switched");
			frames.push(...(await one.upTo("typing_stop")));
			assert.equal(tokensOf(frames), numbered(200));
			assert.equal(frames.filter(({ type }) => type === "typing_start").length, 1);
			assert.equal(frames.at(-2).content, numbered(200));
			await one.close();
		});

		it("continue behind a reply that ended meanwhile", async () => {
			const one = await open(MODE);
			await one.say("[[tokens=20 hold-after=5]] ended");
			const frames = await one.upTo("typing_start");
			while (tokensOf(frames) !== numbered(5)) frames.push(await one.next());
			await one.close();
			const tab = await Visitor.open(banter, one.widget, { token: one.token });
			await banter.release("ended");
			await tab.upTo("typing_stop");
			await one.switchTo(carrier);
			const rest = await one.upTo("typing_stop");
			const message = rest.find(({ type }) => type === "message");
			assert.equal(message.content, numbered(20));
			assert.ok(rest.every(({ type }) => type !== "typing_start"));
			await one.close();
		});

		it("show a reply that broke off, and its next run from the beginning", async () => {
			const one = await open(MODE);
			const message = "[[tokens=5 cut-after=2 fail-times=1]] broke";
			const { json } = await one.say(message, "b");
			const first = await one.upTo("typing_stop");
			const { code, status } = first.at(-2);
			assert.ok(["model_failed", "interrupted"].includes(code ?? status), code);
			const again = await one.say(message, "b");
			assert.equal(again.json.reply, json.reply);
			const second = await one.upTo("typing_stop");
			assert.equal(second[0].type, "typing_start");
			assert.equal(second.at(-1).type, "typing_stop");
			await one.close();
		});

		it("end before a reply that broke off without text, and show its next run", async () => {
			const one = await open(MODE);
			const message = "[[tokens=5 hold-after=0]] empty";
			const { json } = await one.say(message, "e");
			await one.upTo("typing_start");
			// No checkpoint has any text.
			await banter.killWorkers(banter.workerPids());
			await banter.ready();
			assert.deepEqual(await one.exchange(), [["error", "interrupted"], ["typing_stop"]]);
			await one.close();
			await banter.release("empty");
			assert.equal((await one.insist(message, "e")).reply, json.reply);
			const tab = await until("it is answered", async () => {
				const { history } = await Visitor.open(banter, one.widget).then((other) =>
					other.again({ token: one.token, stream: true }),
				);
				return history.length === 2 && history;
			});
			assert.equal(tab[1].content, numbered(5));
			await one.switchTo(carrier);
			assert.equal((await one.upTo("typing_stop")).at(-2).content, numbered(5));
			await one.close();
		});

		it("show the next run of a reply that had broken off before they began", async () => {
			const one = await open(MODE);
			const message = "[[tokens=5 hold-after=2]] begun";
			await one.say(message, "b");
			await breakOff(one);
			const two = await one.again(MODE);
			assert.equal(two.history.active, null);
			await two.close();
			await banter.release("begun");
			await one.insist(message, "b");
			await one.upTo("typing_stop");
			await two.switchTo(carrier);
			assert.equal((await two.upTo("typing_stop")).at(-2).content, numbered(5));
			for (const feed of [one, two]) await feed.close();
		});

		it("bring nothing again when a reply before the newest messages is written again", async () => {
			const one = await open(MODE);
			const message = "[[tokens=5 hold-after=2]] middle";
			await one.say(message, "b");
			await breakOff(one);
			await one.insist(echo("later"), "l");
			const messages = async () =>
				(await one.exchange()).filter(([type]) => type === "message").map(([, text]) => text);
			assert.deepEqual(await messages(), [echo("later"), "later"]);
			await one.insist(message, "b");
			for (const other of [carrier, ...CARRIERS.filter((name) => name !== carrier)]) {
				await one.upTo("typing_start");
				await one.switchTo(other === "poll" ? "sse" : other);
			}
			await one.upTo("typing_start");
			await one.switchTo(carrier);
			await banter.release("] middle");
			assert.deepEqual(await messages(), [numbered(5)]);
			await one.insist(echo("last"), "n");
			assert.deepEqual(await messages(), [echo("last"), "last"]);
			await one.close();
		});

		it("bring replies that were written again while they were away, and nothing else again", async () => {
			const one = await open(MODE);
			const texts = ["[[tokens=4 hold-after=2]] fled", "[[tokens=6 hold-after=2]] lost"];
			for (const [i, text] of texts.entries()) {
				await one.insist(text, `m-${i}`);
				await breakOff(one, i > 0);
			}
			await one.insist(echo("newest"), "n");
			await one.upTo("typing_stop");
			const other = await one.again(MODE);
			const contents = (frames) =>
				frames.flatMap(({ type, content }) => (type === "message" ? [content] : []));
			const next = async (feed) => contents(await feed.upTo("typing_stop"));
			await one.close();
			for (const [i, text] of texts.entries()) {
				await banter.release(`] ${text.split(" ").at(-1)}`);
				await other.insist(text, `m-${i}`);
				assert.deepEqual(await next(other), [numbered([4, 6][i])]);
			}
			await one.switchTo(carrier);
			assert.deepEqual([...(await next(one)), ...(await next(one))], [numbered(4), numbered(6)]);
			await one.insist(echo("last"), "l");
			for (const feed of [one, other]) {
				assert.deepEqual(await next(feed), [echo("last"), "last"]);
				await feed.close();
			}
		});

		const endsFirst = async () => {
			const one = await open(MODE);
			const { sessionId } = one.widget;
			const message = "[[tokens=4 hold-after=2]] before";
			await one.insist(message, "m");
			await breakOff(one);
			await one.insist("[[tokens=5 hold-after=2]] followed", "f");
			await one.upTo("typing_start");
			await banter.release("] before");
			const body = { sessionId, message, clientMessageId: "m" };
			assert.equal((await banter.request("POST", "/v1/chat", { headers: KEY, body })).status, 200);
			await one.switchTo(carrier);
			await banter.release("] followed");
			const complete = new Set();
			while (complete.size < 2) {
				const { type, content } = await one.next();
				if (type === "message" && [numbered(4), numbered(5)].includes(content))
					complete.add(content);
			}
			await one.close();
		};
		if (place === "session")
			it(
				"show a reply that is written again before the one that they follow, and ends first",
				endsFirst,
			);

		const goOn = async () => {
			const one = await open({ operators: true });
			await one.say(echo("help"));
			await one.exchange();
			const place = one.after;
			const [{ _id }] = await conversationsOf(banter, one.widget);
			const act = (status, what, body) =>
				adminExpect(banter, status, "POST", `conversations/${_id}/${what}`, body);
			await act(200, "takeover", {});
			for (const content of ["a", "b", "c"]) {
				await one.say(content);
				await act(201, "messages", { content: `${content}!` });
			}
			const end = ({ frames }) => frames.some(({ content }) => content === "c!");
			const from = async (after) => {
				const feed = new Feed(banter, one.widget, { ...one, after, operators: true });
				await until("the last message", () => end(feed));
				await feed.close();
				return feed;
			};
			const all = await from(place);
			const said = (frames) => frames.flatMap(({ content }) => content ?? []);
			assert.deepEqual(said(all.frames), ["a", "a!", "b", "b!", "c", "c!"]);
			for (const [i, after] of all.places.entries()) {
				const left = said(all.frames.slice(i + 1));
				if (left.length > 0) assert.deepEqual(said((await from(after)).frames), left);
			}
			await one.close();
		};
		// A poll's answer has one place for all its frames.
		if (carrier !== "poll")
			it("go on behind each frame, also at positions without a message before it", goOn);

		const bothAgain = async () => {
			const one = await open(MODE);
			const { sessionId } = one.widget;
			const texts = ["[[tokens=4 hold-after=2]] early", "[[tokens=5 hold-after=2]] late"];
			for (const [i, text] of texts.entries()) {
				await one.insist(text, `m-${i}`);
				await breakOff(one, i > 0);
			}
			await one.insist(echo("newest"), "n");
			await one.upTo("typing_stop");
			const again = texts.map((message, i) => ({ sessionId, message, clientMessageId: `m-${i}` }));
			const send = (body) => banter.request("POST", "/v1/chat", { headers: KEY, body });
			const answers = [send(again[0])];
			await one.upTo("typing_start");
			answers.push(send(again[1]));
			await banter.release("] late");
			assert.equal((await answers[1]).json.message, numbered(5));
			await banter.release("] early");
			const complete = new Set();
			while (complete.size < 2) {
				const { type, content } = await one.next();
				if (type === "message" && [numbered(4), numbered(5)].includes(content))
					complete.add(content);
			}
			await one.close();
		};
		// Only such requests do not wait for each other.
		if (place === "session")
			it("show two replies that are written again at the same time", bothAgain);

		const seeAgain = async () => {
			const one = await open(MODE);
			const { sessionId } = one.widget;
			const message = "[[tokens=4 hold-after=2]] again";
			await one.insist(message, "m");
			await breakOff(one);
			await one.insist(echo("newest"), "n");
			await one.upTo("typing_stop");
			const [worker] = await banter.workersOf([one.stream.socket]);
			const other = await connectToOtherWorker(banter, worker);
			await banter.release("] again");
			await whileStopped([worker], async () => {
				const body = { sessionId, message, clientMessageId: "m" };
				assert.equal((await postOn(other, "/v1/chat", body)).status, 200);
			});
			const frames = await one.upTo("typing_stop");
			assert.deepEqual(
				frames.filter(({ type }) => type !== "token").map(summary),
				replyOf(numbered(4)),
			);
			other.close();
			await one.close();
		};
		// A poll has no connection to its worker while it waits for the next one.
		if (carrier !== "poll" && place === "session")
			it("bring a reply that was written again before they read it", seeAgain);

		it("hold back what is behind a reply that is being written", async () => {
			const one = await open();
			const tabs = [];
			for (let i = 0; i < 2; i++)
				tabs.push(await Visitor.open(banter, one.widget, { token: one.token }));
			tabs[0].say("[[tokens=3 hold-after=1]] slow");
			await until("the first runs", () => banter.modelCalls("] slow"));
			const late = await one.again();
			tabs[1].say("[[tokens=3 hold-after=1]] other");
			await banter.release("] slow");
			await banter.release("] other");
			const messages = [];
			for (const feed of [one, late]) {
				const frames = [];
				while (frames.filter(({ type }) => type === "typing_stop").length < 2)
					frames.push(await feed.next());
				messages.push(frames.filter(({ type }) => type === "message").map(({ id }) => id));
				assert.equal(new Set(messages.at(-1)).size, messages.at(-1).length);
				await feed.close();
			}
			assert.equal(messages[0].length, 4);
		});

		it("tell that the conversation was deleted, and begin another one", async () => {
			const one = await open();
			await one.say(echo("gone"));
			await one.exchange();
			await deleteConversation(banter, one.widget);
			assert.deepEqual(await one.next(), { type: "history", messages: [] });
			await one.say(echo("new"));
			assert.deepEqual(await one.exchange(), exchangeOf(echo("new"), "new"));
			await one.close();
			await deleteConversation(banter, one.widget);
			await one.say(echo("other"));
			await one.switchTo(carrier);
			const history = await one.next();
			assert.equal(history.type, "history");
			await one.close();
		});

		it("show operators, and their typing", async () => {
			const one = await open({ operators: true });
			await one.say(echo("help"));
			await one.exchange();
			const plain = await one.again();
			const [{ _id }] = await conversationsOf(banter, one.widget);
			const act = (status, what, body) =>
				adminExpect(banter, status, "POST", `conversations/${_id}/${what}`, body);
			await act(200, "takeover", {});
			assert.equal((await one.next()).state, "joined");
			// Nothing of it is kept for a client that is between two polls.
			await until("both see typing", async () => {
				await act(204, "typing", {});
				return one.frames.length > 0 && plain.frames.length > 0;
			});
			assert.deepEqual(await one.next(), { type: "operator", state: "typing" });
			assert.deepEqual(await plain.next(), { type: "typing_start" });
			await act(201, "messages", { content: "Hello." });
			assert.equal((await one.upTo("typing_stop")).at(-2).role, "operator");
			assert.deepEqual(await plain.exchange(), [["message", "Hello."], ["typing_stop"]]);
			const handed = await one.say("for a person");
			assert.deepEqual(handed.json, {
				frames: [{ type: "handover", state: "person" }],
				reply: null,
			});
			const answers = (await plain.say("again")).json.frames.map(({ type }) => type);
			assert.deepEqual(answers, ["typing_start", "message", "typing_stop"]);
			await act(200, "handback", {});
			assert.equal((await one.upTo("operator")).at(-1).state, "left");
			for (const feed of [one, plain]) await feed.close();
		});

		const newSession = async () => {
			const one = await open();
			const { token } = one;
			await one.say(echo("x"));
			await one.exchange();
			const { _id } = (await conversationsOf(banter, one.widget))[0];
			const { conversation } = await banter.thread(_id);
			const path = `visitors/${encodeURIComponent(conversation.sessionId)}`;
			await adminExpect(banter, 200, "DELETE", path);
			const session = (await one.upTo("session")).at(-1);
			assert.notEqual(session.session_token, token);
			await one.close();
		};
		if (place !== "session")
			it("bring a new session when the token is not valid any more", newSession);

		it("survive restarts of workers and store: each message once, each reply complete", async () => {
			const one = await open(MODE);
			const n = 12;
			let done = false;
			const asked = (async () => {
				for (let i = 0; i < n; i++) await one.insist(`[[tokens=30 delay=5]] ${i}`, `m-${i}`);
				done = true;
			})();
			const seen = new Map();
			let frames = 0;
			const take = async () => {
				const frame = await one.next();
				frames++;
				if (frame.type !== "message") return;
				assert.ok(!seen.has(frame.id) || seen.get(frame.id).status, `twice: ${frame.id}`);
				seen.set(frame.id, frame);
			};
			for (let i = 1; i <= 3; i++) {
				while (frames < 20 * i) await take();
				await banter.killWorkers(banter.workerPids().slice(0, 2));
				await banter.ready();
			}
			while (!done || [...seen.values()].filter(({ role }) => role === "user").length < n)
				await take();
			await asked;
			const { history } = await Visitor.open(banter, one.widget).then((tab) =>
				tab.again({ token: one.token, stream: true }),
			);
			const questions = history.filter(({ role }) => role === "user");
			assert.equal(questions.length, n);
			assert.deepEqual(
				[...seen.values()].filter(({ role }) => role === "user").map(({ id }) => id),
				questions.map(({ id }) => id),
			);
			await one.close();
		});
	});

describe("a session's frames", () => {
	const banter = useBanter({ workers: 2 });

	it("show what other requests of the session do, and these show them, each message once", async () => {
		const session = makeSession();
		const follower = new Follower((last) => openSession(banter, session.sessionId, { last }));
		await until("it follows", () => follower.ready);
		const feed = await Feed.open(banter, session, { carrier: "sse", ...MODE });
		const tab = await Visitor.open(banter, session, MODE);
		assert.deepEqual([feed.token, tab.token], [session.sessionId, session.sessionId]);
		const slow = "[[tokens=9 hold-after=3]] chat";
		const chat = banter.chat(session.sessionId, slow);
		for (const one of [feed, tab]) {
			const frames = await one.upTo("typing_start");
			assert.deepEqual(frames.map(summary), [["message", slow, "user"], ["typing_start"]]);
			while (tokensOf(frames) !== numbered(3)) frames.push(await one.next());
		}
		const late = await Visitor.open(banter, session, { stream: true, history: true });
		const { messages, more } = await late.next();
		assert.deepEqual([said(messages), more], [[["user", slow]], false]);
		await banter.release("chat");
		await chat;
		for (const one of [feed, tab, late])
			assert.equal((await one.upTo("typing_stop")).at(-2).content, numbered(9));
		tab.say(echo("by the socket"));
		assert.equal((await feed.upTo("typing_stop")).at(-2).content, "by the socket");
		assert.equal((await tab.upTo("typing_stop")).at(-2).content, "by the socket");
		await feed.say(echo("by a post"));
		const posted = (await tab.upTo("typing_stop")).filter(({ type }) => type === "message");
		assert.deepEqual(
			posted.map(summary),
			exchangeOf(echo("by a post"), "by a post").filter(([type]) => type === "message"),
		);
		const rows = [
			["user", slow],
			["assistant", numbered(9)],
			...exchanged("by the socket", "by a post"),
		];
		await follower.has(rows.map(([role, text]) => [role, text, "complete"]));
		assert.deepEqual(said(await wholeHistory(banter, session.sessionId)), rows);
		await follower.stop();
		await feed.close();
	});

	it("are refused with the codes of the WebSocket", async () => {
		const one = await Feed.open(banter, makeSession(), { carrier: "poll" });
		const is = async (frame, status, code) =>
			assertError(await one.post(frame), status, undefined, code);
		await is("no JSON", 400, "invalid_message");
		await is({ type: "contact_info", email: "nowhere" }, 422, "invalid_contact_info");
		await is({ type: "identify", userId: "1", hash: "0" }, 422, "invalid_identity");
		await one.say(echo("first"), "m-1");
		await one.upTo("typing_stop");
		await is({ type: "message", content: "another text", id: "m-1" }, 409, "id_conflict");
		await is({ type: "history", before: randomUUID() }, 404, "not_found");
		await is("x".repeat(65_537), 413, "body_too_large");
		await one.close();
	});

	it("over a socket do what they do for a widget's visitor", async () => {
		const session = makeSession();
		const one = await Visitor.open(banter, session, MODE);
		one.send({ type: "ping" });
		assert.deepEqual(await one.next(), { type: "pong" });
		assert.equal((await one.introduce({ email: "a@b.example" })).type, "contact_info_saved");
		one.send({ type: "page", url: "https://shop.example/" });
		await one.ask(echo("first"));
		one.say("[[tokens=1000 delay=10]]", "m-2");
		await one.upTo("token");
		one.send({ type: "stop" });
		const { status } = (await one.upTo("typing_stop")).at(-2);
		assert.equal(status, "stopped");
		const two = await one.again({ history: true });
		two.send({ type: "rating", id: two.history[1].id, rating: "down" });
		const page = await two.older(two.history[2]);
		assert.deepEqual([said(page.messages), page.more], [exchanged("first"), false]);
		assert.equal(page.messages[1].rating, "down");
		const [{ _id }] = await conversationsOf(banter, session);
		assert.equal((await banter.thread(_id)).conversation.page.url, "https://shop.example/");
		const owners = await openOwners(banter, _id);
		two.send({ type: "typing" });
		assert.equal((await owners.next()).type, "typing");
		owners.leave();
	});

	it("take the key from the query, which no other route does and no log shows", async () => {
		const { sessionId } = makeSession();
		const query = new URLSearchParams({ sessionId, key: WIDGET_KEY });
		const status = async (path, headers) =>
			(await banter.get(`/v1/chat/${path}?${query}`, headers)).status;
		assert.equal(await status("feed/frames"), 200);
		assert.equal(await status("history"), 401);
		assert.equal(await status("frames"), 401);
		assert.equal(await status("feed/frames", { "x-api-key": "x" }), 401, "headers take precedence");
		await banter.log.waitFor("the request's line", ({ route }) => route === "chat_feed_frames");
		assert.ok(!JSON.stringify(banter.log.lines).includes(WIDGET_KEY));
	});

	it("go on after the kill of the worker that serves them", async () => {
		const one = await Visitor.open(banter, makeSession(), MODE);
		one.say("[[tokens=60 hold-after=20]] killed", "m-1");
		await one.upTo("token");
		const two = await openAtOtherWorker(() => one.again(MODE), [await one.worker()]);
		await banter.killWorkers([await one.worker()]);
		await one.end();
		await banter.release("killed");
		const frames = [];
		while (frames.at(-1)?.type !== "typing_stop") frames.push(await two.next());
		const back = await one.again(MODE);
		back.say("[[tokens=60 hold-after=20]] killed", "m-1");
		assert.equal((await back.upTo("typing_stop")).at(-2).content, numbered(60));
		assert.equal(said((await one.again()).history).length, 2);
	});
});

describe("a posted frame", () => {
	const banter = useBanter({ workers: 2 });
	const open = async (members, options) =>
		Feed.open(banter, await makeWidget(banter, members), { carrier: "poll", ...options });

	it("is answered by what the WebSocket would answer to it", async () => {
		const one = await open({ contact_info_mode: "optional", collect_email: true });
		assert.deepEqual((await one.post({ type: "ping" })).json, { frames: [{ type: "pong" }] });
		const contact = { type: "contact_info", email: "ann@shop.example" };
		assert.deepEqual((await one.post(contact)).json, { frames: [{ type: "contact_info_saved" }] });
		await one.say(echo("hello"), "m-1");
		const frames = await one.upTo("typing_stop");
		const [question, reply] = frames.filter(({ type }) => type === "message");
		const history = { type: "history", before: reply.id };
		const page = (await one.post(history)).json.frames[0];
		assert.deepEqual([page.before, page.more], [reply.id, false]);
		assert.deepEqual(said(page.messages), [["user", echo("hello")]]);
		assert.equal(page.messages[0].id, question.id);
		for (const frame of [
			...[{ type: "typing" }, { type: "stop" }, { type: "page", url: "https://shop.example/" }],
			{ type: "rating", id: reply.id, rating: "up" },
		])
			assert.deepEqual([(await one.post(frame)).json], [{ frames: [] }]);
		const [{ _id }] = await conversationsOf(banter, one.widget);
		const { messages } = await banter.thread(_id);
		assert.equal(messages.at(-1).rating.rating, "up");
		await one.close();
	});

	it("proves who the visitor is, where the widget asks for nothing", async () => {
		const one = await open();
		const path = `widgets/${one.widget.id}/identity-secret`;
		const { secret } = await adminExpect(banter, 200, "POST", path);
		const proof = createHmac("sha256", secret).update("42").digest("hex");
		const identify = (hash, members) =>
			one.post({ type: "identify", userId: "42", hash, ...members });
		assertError(await identify("0".repeat(64)), 422, undefined, "invalid_identity");
		assertError(await identify(proof, { email: "x" }), 422, undefined, "invalid_contact_info");
		const saved = (await identify(proof, { name: "Ann" })).json;
		assert.deepEqual(saved, { frames: [{ type: "contact_info_saved" }] });
		const other = await Visitor.open(banter, one.widget);
		other.send({ type: "identify", userId: "42", hash: proof });
		assert.equal((await other.next()).type, "contact_info_saved");
		await other.ask(echo("x"));
		const [{ contactId }] = await conversationsOf(banter, one.widget);
		const { name } = await adminExpect(banter, 200, "GET", `contacts/${contactId}`);
		assert.equal(name, "Ann");
		await one.close();
	});

	it("stops the reply that runs", async () => {
		const one = await open();
		await one.say("[[tokens=1000 delay=10]]", "m-1");
		await one.upTo("typing_start");
		assert.equal((await one.post({ type: "stop" })).status, 202);
		const frames = await one.upTo("typing_stop");
		assert.ok(frames.length === 1 || frames.at(-2).status === "stopped");
		await one.close();
	});

	it("carries the page and the context of the first message", async () => {
		const one = await open();
		const page = { url: "https://shop.example/cart", title: "Cart" };
		const context = { plan: "gold" };
		const refused = await one.post({ type: "message", content: "x", context: [] });
		assert.deepEqual([refused.status, refused.json.code], [400, "invalid_message"]);
		await one.post({ type: "message", content: echo("x"), page, context });
		const [{ _id }] = await conversationsOf(banter, one.widget);
		const { conversation } = await banter.thread(_id);
		assert.equal(conversation.page.url, page.url);
		assert.deepEqual(conversation.context, context);
		await one.close();
	});

	it("of a message waits for the reply before it, and is answered with knowledge of it", async () => {
		const one = await open();
		await one.say("[[tokens=3 hold-after=1]] before", "m-1");
		const second = one.say(echo("behind"), "m-2");
		await until("it is asked", () => banter.modelCalls("before"));
		await banter.release("before");
		assert.equal((await second).status, 202);
		assert.deepEqual((await one.exchange()).at(-2), ["message", "t0 t1 t2"]);
		assert.deepEqual(await one.exchange(), exchangeOf(echo("behind"), "behind"));
		const roles = (await banter.modelSaw()).slice(1).map(([role]) => role);
		assert.deepEqual(roles, ["user", "assistant", "user"]);
		await one.close();
	});

	it("of a message that waits is sent when the conversation is deleted", async () => {
		const one = await open();
		await one.say("[[tokens=3 hold-after=1]] deleted", "m-1");
		const second = one.say(echo("alone"), "m-2");
		await until("it is asked", () => banter.modelCalls("deleted"));
		await deleteConversation(banter, one.widget);
		assert.equal((await second).status, 202);
		await until("the reply", async () => {
			const [found] = await conversationsOf(banter, one.widget);
			return found && (await banter.messages(found._id)).length === 2;
		});
		await one.close();
	});

	it("of a message that is repeated is stored once", async () => {
		const one = await open();
		const message = echo("only once");
		const answers = await Promise.all([1, 2, 3, 4].map(() => one.insist(message, "m-1")));
		assert.equal(new Set(answers.map(({ reply }) => reply)).size, 1);
		await one.exchange();
		assert.equal((await one.insist(message, "m-1")).reply, answers[0].reply);
		assert.deepEqual(said((await one.again()).history.messages), exchanged("only once"));
		assert.equal(await banter.modelCalls("only once"), 1);
		await one.close();
	});

	it("is refused with the codes of the WebSocket", async () => {
		await avoidMidnight();
		const required = { contact_info_mode: "required", collect_email: true, daily_message_cap: 1 };
		const one = await open(required);
		const is = async (frame, status, code) =>
			assertError(await one.post(frame), status, undefined, code);
		const message = (content, id) => ({ type: "message", content, id });
		await is("no JSON", 400, "invalid_message");
		await is({ type: "other" }, 400, "invalid_message");
		await is(message("early"), 403, "contact_required");
		const wrong = await one.post({ type: "contact_info", email: "x" });
		assertError(wrong, 422, undefined, "invalid_contact_info");
		assert.deepEqual(Object.keys(wrong.json.fields), ["email"]);
		await one.post({ type: "contact_info", email: "bo@shop.example" });
		await one.say(echo("first"), "m-1");
		await one.upTo("typing_stop");
		await is(message("another text", "m-1"), 409, "id_conflict");
		await is(message("second", "m-2"), 429, "daily_cap");
		await is(
			{ type: "history", before: one.banterId ?? "01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77" },
			404,
			"not_found",
		);
		await is("x".repeat(65_537), 413, "body_too_large");
		const settings = { operators: { askEmail: false } };
		await changeWidget(banter, one.widget, { contact_info_mode: "none", settings });
		await is({ type: "contact_info", email: "a@b.example" }, 409, "contact_not_asked");
		const { token } = one;
		for (const other of ["", "x", "0".repeat(22)]) {
			one.token = other;
			await is({ type: "ping" }, 404, "session_not_found");
		}
		one.token = token;
		await one.close();
		await deleteWidget(banter, one.widget);
		await is({ type: "ping" }, 404, "not_found");
	});
});

describe("feeds", () => {
	const SITE = "https://shop.example";

	it("check site, widget and place as a WebSocket does", async () => {
		await withBanter({ workers: 1, env: { CORS_ORIGIN: SITE } }, async (banter) => {
			const widget = await makeWidget(banter, { allowed_origins: [SITE] });
			const drive = (status, method, path, options) =>
				feedContract.drive(banter, status, method, path, options);
			for (const [method, leaf] of [
				["GET", "events"],
				["GET", "frames"],
				["POST", "frames"],
			]) {
				const path = feedPath(widget, leaf);
				const body = method === "POST" ? { type: "ping" } : undefined;
				const foreign = { headers: { origin: "https://evil.example" }, body };
				const refused = await drive(403, method, path, foreign);
				assert.equal(refused.headers["access-control-allow-origin"], undefined);
				await drive(404, method, feedPath({ widget_id: "wid_0000000000000000000000" }, leaf), {
					body,
				});
				const session = makeSession();
				await drive(403, method, feedPath(session, leaf), foreign);
				await drive(401, method, feedPath(session, leaf, { key: "x" }), { body });
				await drive(400, method, feedPath({ sessionId: "?" }, leaf), { body });
				if (method === "POST") continue;
				for (const place of [widget, session])
					for (const after of ["x", "-1", "", "9007199254740992", "1.5"])
						await drive(400, method, feedPath(place, leaf, { after }));
			}
			const own = await drive(200, "GET", feedPath(widget, "frames"), {
				headers: { origin: SITE },
			});
			assert.equal(own.headers["access-control-allow-origin"], SITE);
			assert.equal(own.json.frames[0].type, "session");
		});
	});

	it("have the limits of the WebSocket, and polls sixty times those of messages", async () => {
		const env = { RATE_LIMIT_WINDOW_MS: "3600000", RATE_LIMIT_MAX_REQUESTS: "1" };
		await withBanter({ workers: 1, env }, async (banter) => {
			const widget = await makeWidget(banter);
			const one = await Feed.open(banter, widget, { carrier: "sse" });
			assert.equal((await one.say(echo("1"))).status, 202);
			await one.upTo("typing_stop");
			assertError(await one.say(echo("2")), 429, undefined, "rate_limited");
			await one.close();
			const path = feedPath(widget, "frames");
			for (let i = 0; i < 60; i++) assert.equal((await banter.get(path)).status, 200);
			assertError(await banter.get(path), 429, undefined, "rate_limited");
			feedContract.check("GET", path, await banter.get(path));
			for (let i = 0; i < 8; i++) await banter.get(feedPath(widget, "events", { after: "x" }));
			for (const place of [widget, makeSession()])
				for (const [method, leaf] of [
					["GET", "events"],
					["GET", "frames"],
					["POST", "frames"],
				])
					await feedContract.drive(banter, 429, method, feedPath(place, leaf), {
						body: method === "POST" ? { type: "ping" } : undefined,
					});
		});
	});
});

describe("a session followed by polls", () => {
	const banter = useBanter({ workers: 2 });
	const path = (query) => `/v1/chat/frames?${new URLSearchParams(query)}`;
	const poll = (query) => feedContract.drive(banter, 200, "GET", path(query), { headers: KEY });

	it("gets each event once, and waits when there is none", async () => {
		const view = new View();
		let { frames, next: after } = (await poll({ sessionId: "polled" })).json;
		assert.deepEqual(
			frames.map(({ type }) => type),
			["state"],
		);
		const asked = banter.chat("polled", "[[tokens=60 delay=20]]");
		let polls = 0;
		while (view.rows().at(-1)?.[2] !== "complete" || view.rows().length < 2) {
			({ frames, next: after } = (await poll({ sessionId: "polled", after })).json);
			for (const event of frames) view.take(event);
			polls++;
		}
		assert.deepEqual(
			view.rows().map(([, text]) => text),
			["[[tokens=60 delay=20]]", numbered(60)],
		);
		assert.ok(polls > 2, `${polls} polls`);
		await asked;
		const waiting = poll({ sessionId: "polled", after });
		const question = echo("later");
		await banter.chat("polled", question);
		assert.equal((await waiting).json.frames[0].content, question);
	});

	it("gets an answer without events before it takes the connection for dead", async () => {
		const { next: after } = (await poll({ sessionId: "quiet" })).json;
		assert.deepEqual((await poll({ sessionId: "quiet", after })).json, { frames: [], next: after });
		const waited = ({ ev, ms }) => ev === "request" && ms > 1000;
		const { ms } = await banter.log.waitFor("its line in the log", waited);
		// The widget's limit (feed.ts).
		assert.ok(ms < 19_000, `after ${ms} ms`);
	});

	it("is refused as a stream is", async () => {
		const drive = (status, query, headers = KEY) =>
			feedContract.drive(banter, status, "GET", path(query), { headers });
		await drive(401, { sessionId: "s" }, {});
		for (const query of [{}, { sessionId: "s", after: "" }, { sessionId: "s", after: "7" }])
			await drive(400, query);
		const env = { RATE_LIMIT_WINDOW_MS: "3600000", RATE_LIMIT_MAX_REQUESTS: "1" };
		await withBanter({ workers: 1, env }, async (strict) => {
			for (let i = 0; i < 60; i++) await strict.get(path({}), KEY);
			await feedContract.drive(strict, 429, "GET", path({ sessionId: "s" }), { headers: KEY });
		});
	});
});

it("shows every documented status", () => feedContract.assertComplete("widget-feed"));
