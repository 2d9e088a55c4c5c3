// The visitor's WebSocket, frame by frame (API.md, section 7): sessions, history, replies, contact details
// and limits. Each form of a frame: tests/unit/workerd/api/widget/test_widget_frames.c.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { until, useBanter, withBanter } from "./harness.mjs";
import {
	changeWidget,
	configPath,
	deleteWidget,
	echo,
	exchanged,
	handshakeRefusal,
	makeWidget,
	replyOf,
	resetWidget,
	said,
	summary,
	Visitor,
} from "./visitors.mjs";

const NOBODY = { widget_id: "wid_0000000000000000000000" };
const TOKEN = /^[0-9a-f]{32}[0-9A-Za-z]{22}[0-9a-f]{24}$/;
const SITE = "https://shop.example";

describe("a widget's configuration", () => {
	const banter = useBanter({ workers: 3, env: { CORS_ORIGIN: "https://dashboard.example" } });

	it("contains only public members", async () => {
		const chosen = {
			...{ name: "Support", greeting: "Hello!", primary_color: "#123", position: "bottom_left" },
			...{ contact_info_mode: "optional", collect_email: true },
		};
		const defaults = { text_color: "#ffffff", collect_name: false, collect_phone: false };
		const answer = await banter.get(configPath(await makeWidget(banter, chosen)));
		assert.equal(answer.status, 200);
		assert.equal(answer.headers["cache-control"], "no-store");
		assert.deepEqual(answer.json, { ...chosen, ...defaults });
	});

	it("exists only for an enabled widget with this id, and changes in every worker at once", async () => {
		const widget = await makeWidget(banter);
		const isGone = async (one) =>
			assertError(await banter.get(configPath(one)), 404, undefined, "not_found");
		await isGone(NOBODY);
		await isGone({ widget_id: "x".repeat(200) });
		await changeWidget(banter, widget, { enabled: false });
		await isGone(widget);
		for (const name of ["One", "Two", "Three"]) {
			await changeWidget(banter, widget, { name, enabled: true });
			for (let i = 0; i < 9; i++)
				assert.equal((await banter.get(configPath(widget))).json.name, name);
		}
		const other = await resetWidget(banter, widget);
		await isGone(widget);
		assert.equal((await banter.get(configPath(other))).status, 200);
		await deleteWidget(banter, other);
		await isGone(other);
	});

	it("is available to any site, or to those that the widget names", async () => {
		const widget = await makeWidget(banter);
		const at = (origin) => banter.get(configPath(widget), { origin });
		assert.equal((await at("https://any.example")).status, 200);
		await changeWidget(banter, widget, { allowed_origins: [SITE, "http://localhost:3000"] });
		for (const origin of [SITE, "http://localhost:3000"]) {
			const answer = await at(origin);
			assert.equal(answer.status, 200);
			assert.equal(answer.headers["access-control-allow-origin"], origin);
			assert.match(answer.headers.vary, /Origin/);
		}
		for (const origin of [
			...["http://shop.example", "https://shop.example:444", "https://SHOP.example", "null", ""],
			...["https://x.shop.example", "https://shop.example.evil.example"],
			"https://dashboard.example",
		]) {
			const answer = await at(origin);
			assertError(answer, 403, undefined, "origin_not_allowed");
			assert.equal(answer.headers["access-control-allow-origin"], undefined);
			const socket = await handshakeRefusal(banter, widget, { headers: { origin } });
			assert.deepEqual([socket.status, socket.json.code], [403, "origin_not_allowed"]);
		}
		assert.equal((await banter.get(configPath(widget))).status, 200);
		await (await Visitor.open(banter, widget, { headers: { origin: SITE } })).close();
		await (await Visitor.open(banter, widget)).close();
	});

	it("answers preflights of any site, whatever CORS_ORIGIN says", async () => {
		for (const path of [configPath(NOBODY), `/api/widget/${NOBODY.widget_id}/ws`]) {
			const answer = await banter.request("OPTIONS", path, {
				headers: { origin: SITE, "access-control-request-method": "GET" },
			});
			assert.equal(answer.status, 204);
			assert.equal(answer.headers["access-control-allow-origin"], SITE);
		}
		const other = await banter.request("OPTIONS", "/v1/chat", {
			headers: { origin: SITE, "access-control-request-method": "POST" },
		});
		assertError(other, 403, undefined, "origin_not_allowed");
	});
});

describe("a visitor", () => {
	const banter = useBanter({ workers: 3 });
	let widget;

	async function visitor(options) {
		widget ??= await makeWidget(banter);
		return Visitor.open(banter, widget, options);
	}

	it("gets a session, and replies in Loquent's frames", async () => {
		const one = await visitor();
		assert.match(one.token, TOKEN);
		assert.equal(one.introduced, false);
		one.say(echo("Hello!"));
		const frames = await one.upTo("typing_stop");
		assert.deepEqual(frames.map(summary), replyOf("Hello!"));
		assert.deepEqual(Object.keys(frames[1]), ["type", "content", "role", "id"]);
		assert.equal(frames[1].role, "assistant");
		assert.deepEqual([frames[0], frames[2]], [{ type: "typing_start" }, { type: "typing_stop" }]);
	});

	it("receives each token with stream=1", async () => {
		const one = await visitor({ stream: true });
		one.say("[[tokens=3]]");
		const tokens = ["t0 ", "t1 ", "t2 "].map((token) => ["token", token]);
		const [begin, ...end] = replyOf("t0 t1 t2");
		assert.deepEqual(await one.reply(), [begin, ...tokens, ...end]);
	});

	it("returns to its conversation with its token", async () => {
		const one = await visitor();
		const none = await one.again();
		assert.deepEqual(none.history, []);
		assert.equal(none.token, one.token);
		await one.ask(echo("a"));
		await one.ask(echo("b"));
		await one.close();
		const two = await one.again();
		assert.deepEqual(said(two.history), exchanged("a", "b"));
		for (const message of two.history) assert.deepEqual(Object.keys(message), ["role", "content"]);
		const three = await one.again({ stream: true });
		assert.deepEqual(said(three.history), exchanged("a", "b"));
		assert.deepEqual([two.active, three.active], [undefined, null]);
		for (const { id } of three.history) assert.match(id, /^[0-9a-f-]{36}$/);
		assert.equal(new Set(three.history.map(({ id }) => id)).size, 4);
	});

	it("loads older messages down to the first, with times and ratings, if it asks", async () => {
		const one = await visitor({ stream: true });
		const texts = Array.from({ length: 130 }, (_, i) => `m${i}`);
		for (const text of texts) await one.ask(echo(text));
		const first = (await one.again({ stream: true })).history[0];
		const two = await one.again({ history: true });
		assert.deepEqual([two.history.length, two.more], [200, true]);
		assert.equal(two.history[0].id, first.id);
		two.send({ type: "rating", id: two.history[1].id, rating: "up" });
		const all = [...two.history];
		for (let more = true; more; ) {
			const page = await two.older(all[0]);
			assert.equal(page.before, all[0].id);
			assert.ok(page.messages.length <= 50);
			all.unshift(...page.messages);
			({ more } = page);
		}
		assert.deepEqual(said(all), exchanged(...texts));
		const times = all.map(({ createdAt }) => createdAt);
		assert.deepEqual(
			times,
			[...times].sort((a, b) => a - b),
		);
		// A client that did not ask at its start gets the same page.
		const rated = await one.older(two.history[2]);
		assert.equal(rated.messages.at(-1).rating, "up");
		assert.deepEqual(await two.older(all[0]), {
			...{ type: "history", before: all[0].id, messages: [], more: false },
		});
		const other = await visitor();
		assert.equal((await other.older(all[0])).more, false);
		await other.ask(echo("mine"));
		assert.equal((await other.older(all[0])).code, "not_found");
		await two.ask(echo("live"));
		const [, message] = (await one.again({ history: true })).history.slice(-2);
		assert.equal(message.content, "live");
	});

	it("gets a pong for a ping", async () => {
		const one = await visitor();
		one.send({ type: "ping" });
		assert.deepEqual(await one.next(), { type: "pong" });
	});

	it("gets a new session with an invalid token or one of another widget", async () => {
		const other = await makeWidget(banter);
		const foreign = await Visitor.open(banter, other);
		await foreign.ask(echo("secret"));
		const tokens = new Set();
		for (const token of [foreign.token, "0".repeat(22), "x", "%00", "x".repeat(300), ""]) {
			const one = await visitor({ token });
			assert.match(one.token, TOKEN);
			assert.notEqual(one.token, token);
			assert.equal(await one.ask(echo("mine")), "mine");
			assert.deepEqual(said((await one.again()).history), exchanged("mine"));
			tokens.add(one.token);
		}
		assert.equal(tokens.size, 6);
		assert.equal(said((await foreign.again()).history).length, 2);
	});

	it("is answered in order, each reply with the previous messages in its history", async () => {
		const one = await visitor();
		one.say("[[tokens=3 delay=20]]");
		one.say(echo("second"));
		one.say(echo("third"));
		const replies = [await one.reply(), await one.reply(), await one.reply()];
		assert.deepEqual(replies, ["t0 t1 t2", "second", "third"].map(replyOf));
		const seen = (await banter.modelSaw()).slice(1).map(([role]) => role);
		assert.deepEqual(seen, ["user", "assistant", "user", "assistant", "user"]);
	});

	it("can queue a bounded number of messages, which are sent when it disconnects", async () => {
		const one = await visitor();
		one.say("[[tokens=40 hold-after=30]] answered first");
		assert.equal((await one.next()).type, "typing_start");
		for (let i = 1; i <= 8; i++) one.say(echo(`waits ${i}`));
		one.say(echo("too many"), "nine");
		const please = "Please wait until your last messages are answered";
		await one.isRefused("too_many_waiting", "nine", please, true);
		await one.close();
		await banter.release("answered first");
		await until("all are answered", async () => {
			const back = await one.again();
			await back.close();
			return back.history.length === 18;
		});
		assert.equal(await banter.modelCalls("too many"), 0);
	});

	it("sends one message if it repeats an id: one model call, and the reply again", async () => {
		const one = await visitor();
		one.say("[[tokens=5 delay=10]] once", "x");
		one.say("[[tokens=5 delay=10]] once", "x");
		const [first, second] = [await one.upTo("typing_stop"), await one.upTo("typing_stop")];
		assert.deepEqual(first, second);
		const two = await one.again();
		assert.equal(two.history.length, 2);
		two.say("[[tokens=5 delay=10]] once", "x");
		assert.deepEqual(await two.upTo("typing_stop"), first);
		two.say("another", "x");
		const [error] = await two.upTo("error");
		assert.deepEqual([error.code, error.id], ["id_conflict", "x"]);
		assert.equal(await banter.modelCalls("once"), 1);
		// Other visitors receive nothing of it.
		assert.equal(one.frames.length, 0);
	});

	it("stops a reply once, whose text is kept, and continues", async () => {
		const one = await visitor({ stream: true });
		one.send({ type: "stop" });
		one.say("[[tokens=1000 delay=10]]");
		await one.upTo("token");
		one.send({ type: "stop" });
		one.send({ type: "stop" });
		const { content, id, status } = (await one.upTo("typing_stop")).at(-2);
		assert.equal(status, "stopped");
		assert.match(content, /^t0/);
		assert.equal(await one.ask(echo("goes on")), "goes on");
		const { history } = await one.again({ stream: true });
		assert.deepEqual(history[1], { role: "assistant", content, id, status });
	});

	it("receives the reason of a missing reply and can continue", async () => {
		const one = await visitor();
		one.say("[[fail=401]]", "x");
		const frames = await one.upTo("typing_stop");
		assert.deepEqual(frames, [
			{ type: "typing_start" },
			{ type: "error", message: "The assistant failed to answer", code: "model_failed", id: "x" },
			{ type: "typing_stop" },
		]);
		one.say("[[tokens=5 error-after=2]]");
		assert.deepEqual((await one.reply())[1], ["error", "model_failed"]);
		assert.equal(await one.ask(echo("on")), "on");
		const { history } = await one.again();
		assert.ok(history.some(({ content }) => content === "t0 t1"));
	});

	it("is disconnected after many invalid frames, or one that is too long or binary", async () => {
		const one = await visitor();
		for (let i = 0; i < 25; i++) one.send("no JSON");
		assert.equal((await one.end())[0], 1008);
		assert.equal(one.frames.length, 20);
		for (const [code, data] of [
			[1009, "x".repeat(65_537)],
			[1003, Buffer.from("{}")],
		]) {
			const other = await visitor();
			other.ws.send(data);
			assert.equal((await other.end())[0], code);
		}
	});

	it("is counted", async () => {
		const one = await visitor();
		await one.ask(echo("counted"));
		const open = await banter.metric("sockets");
		assert.ok(open >= 1);
		assert.ok((await banter.metric("socket_messages_total")) >= 1);
		const position = banter.log.lines.length;
		await one.close();
		await banter.log.waitFor(
			"the line of a WebSocket that ended",
			(line) => line.route === "widget_socket" && line.status === "101",
			position,
		);
		await until("one less is open", async () => (await banter.metric("sockets")) < open);
	});
});

describe("rate limits", () => {
	const HOUR = { RATE_LIMIT_WINDOW_MS: "3600000" };

	it("are shared by messages and POST /v1/chat", () =>
		withBanter({ env: { ...HOUR, RATE_LIMIT_MAX_REQUESTS: "3" } }, async (banter) => {
			const one = await Visitor.open(banter, await makeWidget(banter));
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 200);
			await one.ask(echo("1"));
			await one.ask(echo("2"));
			one.say(echo("3"), "x");
			const ms = await one.isRefused("rate_limited", "x", "Too many requests", true);
			// A third of the window.
			assert.ok(ms > 1_000_000 && ms <= 1_200_000, `${ms}`);
			assertError(await banter.chat("s", "[[tokens=1]]"), 429, undefined, "rate_limited");
		}));

	it("are separate for loading a page with a widget", async () => {
		const env = { ...HOUR, RATE_LIMIT_MAX_REQUESTS: "1", CORS_ORIGIN: "https://other.example" };
		await withBanter({ workers: 2, env }, async (banter) => {
			const widget = await makeWidget(banter, { allowed_origins: [SITE] });
			const at = () => banter.get(configPath(widget), { origin: SITE });
			let one;
			for (let i = 0; i < 5; i++) {
				const { status, headers } = await at();
				assert.deepEqual([status, headers["ratelimit-remaining"]], [200, String(9 - 2 * i)]);
				one = await Visitor.open(banter, widget, { headers: { origin: SITE } });
			}
			const config = await at();
			assertError(config, 429, "Too many requests", "rate_limited");
			const socket = await handshakeRefusal(banter, widget, { headers: { origin: SITE } });
			assert.deepEqual([socket.status, socket.json.code], [429, "rate_limited"]);
			// The page can read Retry-After.
			for (const { headers } of [config, socket]) {
				assert.ok(Number(headers["retry-after"]) > 0);
				assert.deepEqual([headers["ratelimit-limit"], headers["ratelimit-remaining"]], ["10", "0"]);
				assert.ok(Number(headers["ratelimit-reset"]) > 0);
				assert.equal(headers["access-control-allow-origin"], SITE);
				assert.match(headers["access-control-expose-headers"], /Retry-After/);
				assert.match(headers.vary, /Origin/);
			}
			assert.equal(await banter.metric('rate_limited_total{rule="widget"}'), 2);
			// None of these requests counted as chat.
			assert.equal(await one.ask(echo("first")), "first");
			one.say(echo("second"));
			assert.equal((await one.next()).code, "rate_limited");
		});
	});

	it("apply to stops and pings as over HTTP", () =>
		withBanter({ env: { ...HOUR, RATE_LIMIT_MAX_REQUESTS: "1" } }, async (banter) => {
			const one = await Visitor.open(banter, await makeWidget(banter));
			for (let i = 0; i < 10; i++) one.send({ type: "ping" });
			for (let i = 0; i < 10; i++) assert.equal((await one.next()).type, "pong");
			for (let i = 0; i < 30; i++) one.send({ type: i % 2 === 0 ? "stop" : "ping" });
			assert.equal((await one.end())[0], 1008);
			assert.equal(one.frames.length, 20);
			for (const { code, retryAfterMs } of one.frames)
				assert.deepEqual([code, retryAfterMs > 0], ["rate_limited", true]);
		}));
});

describe("contact details", () => {
	const banter = useBanter();
	const SAVED = { type: "contact_info_saved" };
	const ALL = { collect_name: true, collect_email: true, collect_phone: true };

	it("select or create a contact", async () => {
		const widget = await makeWidget(banter, { contact_info_mode: "optional", ...ALL });
		const one = await Visitor.open(banter, widget);
		await one.ask(echo("before"));
		const ann = { name: " Ann ", email: "Ann@Example.com", phone: "+1 (234) 567" };
		assert.deepEqual(await one.introduce(ann), SAVED);
		const two = await Visitor.open(banter, widget);
		assert.deepEqual(await two.introduce({ email: "ann@example.COM" }), SAVED);
		await two.ask(echo("other"));
		const { contacts } = await banter.adminGet("/v1/admin/contacts");
		assert.equal(contacts.length, 1);
		const { name, email, phone } = contacts[0];
		assert.deepEqual({ name, email, phone }, { ...ann, name: "Ann" });
		const list = await banter.adminGet(`/v1/admin/conversations?contactId=${contacts[0].id}`);
		assert.equal(list.conversations.length, 2);
		const back = await two.again();
		assert.equal(back.introduced, true);
	});

	it("are required first if the widget says so", async () => {
		const collects = { collect_name: true, collect_email: true, collect_phone: true };
		const settings = { requiredFields: ["name", "email"] };
		const required = { contact_info_mode: "required", ...collects, settings };
		const widget = await makeWidget(banter, required);
		const one = await Visitor.open(banter, widget);
		one.send({ type: "contact_info", name: "Carl" });
		assert.deepEqual(await one.next(), {
			type: "error",
			message: "email is required",
			code: "invalid_contact_info",
			fields: { email: "email is required" },
		});
		one.say(echo("too early"), "x");
		await one.isRefused("contact_required", "x", "Please leave your contact details first");
		// Sent together: the message is answered after the details are saved.
		one.send({ type: "contact_info", name: "Carl", email: "carl@example.com" });
		one.say(echo("too early"), "x");
		assert.deepEqual(await one.next(), SAVED);
		assert.deepEqual(await one.reply(), replyOf("too early"));
		assert.equal(await banter.modelCalls("too early"), 1);
		const back = await one.again();
		assert.equal(back.introduced, true);
		assert.equal(await back.ask(echo("welcome")), "welcome");
	});

	it("are saved also for a visitor who leaves, and the following message is answered", async () => {
		const required = { contact_info_mode: "required", collect_email: true };
		const widget = await makeWidget(banter, required);
		const all = await Promise.all(Array.from({ length: 10 }, () => Visitor.open(banter, widget)));
		for (const [i, one] of all.entries()) {
			one.send({ type: "contact_info", email: `leaver-${i}@example.com` });
			one.say(echo(`left ${i}`));
			one.ws.close();
		}
		for (const [i, one] of all.entries())
			await until("it is saved and answered", async () => {
				const back = await one.again();
				await back.close();
				return back.introduced && back.history.at(-1)?.content === `left ${i}`;
			});
	});
});
