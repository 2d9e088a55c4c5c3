// Visitors who never write: they cost the store nothing, and their tokens are valid nevertheless.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Feed, feedPath } from "./feeds.mjs";
import { until, useBanter } from "./harness.mjs";
import { adminExpect, connectToStore } from "./organizations.mjs";
import { expectTool, parseLines } from "./tool.mjs";
import { conversationsOf, makeWidget, resetWidget, Visitor } from "./visitors.mjs";

after(() => Feed.closeAll());

describe("visitors who have not written", () => {
	const banter = useBanter({ workers: 3, env: { EVENT_STREAM_SILENCE_MS: "1000" } });

	/** The visitors of the widget in the store. */
	const stored = async ({ id }) =>
		parseLines((await expectTool(banter, 0, "export")).stdout).filter(
			({ kind, widget }) => kind === "visitor" && widget === id,
		).length;

	/** A poll of the widget's frames; resolves to the session's token. */
	async function poll(widget, token) {
		const { status, json } = await banter.get(feedPath(widget, "frames", { token }));
		assert.equal(status, 200);
		const [first] = json.frames;
		assert.equal(first.type, "session");
		return first.session_token;
	}

	it("are not stored, however many come; the first message or contact stores one", async () => {
		const widget = await makeWidget(banter, { contact_info_mode: "optional", collect_email: true });
		const tokens = [];
		for (let i = 0; i < 300; i++) tokens.push(await poll(widget));
		assert.equal(new Set(tokens).size, 300);
		assert.equal(await stored(widget), 0);
		// Each token is that of its visitor, at any worker.
		for (const token of tokens.slice(0, 20)) assert.equal(await poll(widget, token), token);
		assert.equal(await stored(widget), 0);
		const [writer, teller] = tokens;
		const one = await Feed.open(banter, widget, { carrier: "poll", token: writer });
		await one.say("[[tokens=1]]");
		assert.equal(await stored(widget), 1);
		const two = await Visitor.open(banter, widget, { token: teller });
		assert.deepEqual((await two.next()).messages, []);
		two.send({ type: "contact_info", email: "ada@text.example" });
		assert.equal((await two.next()).type, "contact_info_saved");
		assert.equal(await stored(widget), 2);
		await two.close();
		const again = await Feed.open(banter, widget, { carrier: "poll", token: teller });
		assert.equal(again.token, teller);
		assert.equal(again.introduced, true);
		for (const feed of [one, again]) await feed.close();
	});

	it("keep their tokens when every daemon starts again, until the widget gets another id", async () => {
		const widget = await makeWidget(banter);
		const token = await poll(widget);
		await banter.stopStore();
		await banter.startStore();
		await banter.reload();
		assert.equal(await poll(widget, token), token);
		const open = await Visitor.open(banter, widget, { token });
		assert.equal(open.token, token);
		await open.ask("[[tokens=1]]");
		assert.equal((await conversationsOf(banter, widget)).length, 1);
		await open.close();
		const other = await poll(widget);
		await banter.killWorkers(banter.workerPids());
		assert.equal(await poll(widget, other), other);
		const { widget_id } = await resetWidget(banter, widget);
		assert.notEqual(await poll({ ...widget, widget_id }, other), other);
	});

	it("have tokens for their own widget only, and none that somebody has made up", async () => {
		const [one, two] = [await makeWidget(banter), await makeWidget(banter)];
		const token = await poll(one);
		for (const [widget, wrong] of [
			[two, token],
			[one, `${token}0`],
			[one, token.replace(/.$/, (last) => (last === "0" ? "1" : "0"))],
			[one, token.slice(0, 22)],
		])
			assert.notEqual(await poll(widget, wrong), wrong);
		const path = feedPath(two, "frames", { token });
		const { status } = await banter.request("POST", path, {
			body: { type: "message", content: "x" },
		});
		assert.equal(status, 404);
	});

	it("have tokens of the store that is there now, at every worker", async () => {
		const before = await makeWidget(banter);
		for (let i = 0; i < 30; i++) await poll(before);
		await banter.stopStore();
		rmSync(join(banter.dir, "data/data.mdb"));
		banter.startStore();
		await banter.ready();
		const widget = await makeWidget(banter);
		// It reads the secret of the new store.
		await banter.killWorkers(banter.workerPids().slice(0, 1));
		for (let i = 0; i < 30; i++) {
			const token = await poll(widget);
			assert.equal(await poll(widget, token), token);
			assert.equal(await poll(widget, token), token);
		}
	});

	/** A token of the widget whose visitor came so many ms ago. */
	async function tokenFrom({ id }, ms) {
		const peer = await connectToStore(banter);
		const { secret } = await peer.ask("login_secret_get", {}, "login_secret");
		await peer.close();
		const came = (Date.now() - ms).toString(16).padStart(12, "0");
		const text = `${came}7${randomBytes(9).toString("hex").slice(0, 3)}8${randomBytes(8).toString("hex").slice(0, 15)}${randomBytes(11).toString("hex")}`;
		const mac = createHmac("sha256", Buffer.from(secret, "hex"))
			.update("visitor")
			.update(Buffer.from(id.replaceAll("-", ""), "hex"))
			.update(Buffer.alloc(4))
			.update(text);
		return text + mac.digest("hex").slice(0, 24);
	}

	const DAY = 86_400_000;

	it("get another token after a day, one for all tabs, and lose nothing that they write", async () => {
		const widget = await makeWidget(banter);
		const old = await tokenFrom(widget, 3.5 * DAY);
		const next = await poll(widget, old);
		assert.notEqual(next, old);
		for (let i = 0; i < 10; i++) assert.equal(await poll(widget, i % 2 ? old : next), next);
		const tab = await Visitor.open(banter, widget, { token: old });
		assert.equal(tab.token, next);
		assert.equal((await tab.next()).type, "history");
		assert.equal(await stored(widget), 0);
		// A tab that knows the old token only.
		const { status } = await banter.request("POST", feedPath(widget, "frames", { token: old }), {
			body: { type: "message", content: "[[tokens=1]]" },
		});
		assert.equal(status, 202);
		const { type, role, content } = await tab.next();
		assert.deepEqual([type, role, content], ["message", "user", "[[tokens=1]]"]);
		await tab.reply();
		await tab.ask("[[tokens=1]]");
		assert.equal((await conversationsOf(banter, widget)).length, 1);
		assert.equal(await stored(widget), 1);
		assert.equal(await poll(widget, next), next);
		await tab.close();
	});

	for (const carrier of ["ws", "sse"])
		it(`who are connected by ${carrier} get it without being asked`, async () => {
			const widget = await makeWidget(banter);
			const old = await tokenFrom(widget, DAY - 1500);
			const tab = await (carrier === "ws"
				? Visitor.open(banter, widget, { token: old })
				: Feed.open(banter, widget, { carrier, token: old }));
			assert.equal(tab.token, old);
			let next = old;
			await until("the token is old", async () => {
				next = await poll(widget, old);
				return next !== old;
			});
			if (carrier === "ws") {
				tab.send({ type: "message", content: "must not be split" });
				assert.equal((await tab.end())[0], 1001);
			} else await until("the next session", () => tab.token === next);
			await tab.close();
			assert.equal(await stored(widget), 0);
			assert.equal(await poll(widget, next), next);
		});

	it("begin anew when they were erased, however old their token is", async () => {
		const widget = await makeWidget(banter);
		const old = await tokenFrom(widget, DAY - 1500);
		const tab = await Visitor.open(banter, widget, { token: old });
		assert.equal((await tab.next()).type, "history");
		await tab.ask("[[tokens=1]]");
		await until("the token is old", () =>
			tokenFrom(widget, 0).then(
				(now) => Number(`0x${now.slice(0, 12)}`) - Number(`0x${old.slice(0, 12)}`) > DAY,
			),
		);
		// It is stored: an old token is as good as a young one.
		assert.equal(await poll(widget, old), old);
		await tab.ask("[[tokens=1]]");
		const [{ sessionId }] = await conversationsOf(banter, widget);
		await adminExpect(banter, 200, "DELETE", `visitors/${encodeURIComponent(sessionId)}`);
		assert.equal((await tab.end())[0], 4404);
		assert.notEqual(await poll(widget, old), old);
		const path = feedPath(widget, "frames", { token: old });
		const { status } = await banter.request("POST", path, {
			body: { type: "message", content: "x" },
		});
		assert.equal(status, 404);
		assert.equal((await conversationsOf(banter, widget)).length, 0);
	});

	it("begin anew when they were erased within their first day", async () => {
		const widget = await makeWidget(banter);
		const one = await Feed.open(banter, widget, { carrier: "poll" });
		const { token } = one;
		await one.say("[[tokens=1]]");
		const [{ sessionId }] = await conversationsOf(banter, widget);
		await one.close();
		await adminExpect(banter, 200, "DELETE", `visitors/${encodeURIComponent(sessionId)}`);
		assert.notEqual(await poll(widget, token), token);
		const path = feedPath(widget, "frames", { token });
		const { status } = await banter.request("POST", path, {
			body: { type: "message", content: "x" },
		});
		assert.equal(status, 404);
		assert.equal((await conversationsOf(banter, widget)).length, 0);
	});
});
