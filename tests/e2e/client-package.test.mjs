// The npm package @banter/client, as it is built and packed, against the real daemons: its requests survive lost
// connections and killed workers, and no message is stored twice. And what all packages consist of.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { ADMIN } from "./accounts.mjs";
import { numbered, ROOT, until, useBanter, WIDGET_KEY } from "./harness.mjs";
import { BadNetwork } from "./network.mjs";

const VERSION = /^VERSION := (\S+)$/m.exec(readFileSync(`${ROOT}Makefile`, "utf8"))[1];
const NAMES = ["client", "widget", "react"];

async function collect(stream) {
	const events = [];
	for await (const event of stream) events.push(event);
	return events;
}

describe("the npm packages", () => {
	const banter = useBanter();
	let dir;
	let createClient;
	let BanterError;
	let network;
	before(async () => {
		dir = mkdtempSync(join(tmpdir(), "banter-npm-"));
		execFileSync(process.execPath, ["widget/packages/build.mjs", VERSION, dir], { cwd: ROOT });
		const file = join(dir, "client/dist/node.js");
		({ createClient, BanterError } = await import(pathToFileURL(file)));
		network = await BadNetwork.open(banter.port, () => ({}));
	});
	after(async () => {
		await network?.close();
		rmSync(dir, { recursive: true, force: true });
	});
	const client = (options) =>
		createClient({ server: `${banter.url}/`, apiKey: WIDGET_KEY, ...options });
	const stored = async ({ sessionId }) => (await banter.threadOf(sessionId)).messages;

	for (const name of NAMES)
		it(`@banter/${name} has the server's version and license, and all its files`, () => {
			const folder = join(dir, name);
			const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
			const { version, license, dependencies = {} } = manifest;
			assert.deepEqual([version, license], [VERSION, "MIT"]);
			assert.deepEqual(Object.values(dependencies), name === "react" ? [VERSION] : []);
			const tarball = join(dir, `banter-${name}-${VERSION}.tgz`);
			const list = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" });
			const files = list.trim().split("\n");
			for (const file of [
				"LICENSE",
				"README.md",
				"package.json",
				"dist/index.js",
				"dist/index.d.ts",
			])
				assert.ok(files.includes(`package/${file}`), `${file} is not among ${files}`);
			const readme = readFileSync(join(folder, "README.md"), "utf8").split("\n");
			assert.ok(readme.length <= 120, `README.md has ${readme.length} lines`);
		});

	it("chats, and finds the conversation in the history", async () => {
		const visitor = client();
		const reply = await visitor.chat('[[text="Hello"]] Hi');
		assert.equal(reply.message, "Hello");
		const { conversationId, messages, active } = await visitor.history();
		assert.deepEqual([conversationId, active], [reply.conversationId, null]);
		assert.deepEqual(
			messages.map(({ role, content }) => [role, content]),
			[
				["user", '[[text="Hello"]] Hi'],
				["assistant", "Hello"],
			],
		);
		const older = await visitor.history({ limit: 1 });
		assert.deepEqual(older.messages, messages.slice(1));
		const first = await visitor.history({ limit: 1, cursor: older.nextCursor });
		assert.deepEqual(first.messages, messages.slice(0, 1));
	});

	it("streams: each event has the whole text so far", async () => {
		const events = await collect(client().stream("[[tokens=5]] Hi"));
		assert.deepEqual(
			events.map(({ type }) => type),
			["start", ...Array(5).fill("token"), "done"],
		);
		assert.deepEqual(
			events.slice(1, 6).map(({ text }) => text.trim()),
			[1, 2, 3, 4, 5].map(numbered),
		);
		assert.equal(events.at(-1).text, numbered(5));
	});

	it("resumes a stream whose connection was cut, without a gap and with one message", async () => {
		const visitor = client({ server: network.url });
		const message = "[[tokens=9 hold-after=4]] cut";
		const texts = [];
		for await (const { type, text } of visitor.stream(message)) {
			texts.push(text);
			if (type !== "token" || text.trim() !== numbered(4)) continue;
			network.cut();
			await banter.release("cut");
		}
		assert.equal(texts.at(-1), numbered(9));
		assert.equal(await banter.modelCalls("hold-after=4]] cut"), 1);
		assert.equal((await stored(visitor)).length, 2);
	});

	it("sends a message again with its id when the worker dies before or while it answers", async () => {
		const visitor = client();
		const message = "[[tokens=6 hold-after=2]] killed";
		let isKilled = false;
		const texts = [];
		for await (const { type, text } of visitor.stream(message)) {
			texts.push(text);
			if (isKilled || type !== "token" || text.trim() !== numbered(2)) continue;
			isKilled = true;
			await banter.killWorkers(banter.workerPids());
			await banter.release("killed");
			void until("the second reply is held back", async () => {
				const count = await banter.modelCalls("hold-after=2]] killed");
				await banter.release("killed");
				return count > 1;
			});
		}
		assert.equal(texts.at(-1), numbered(6));
		const messages = await stored(visitor);
		assert.deepEqual(
			messages.map(({ role, status }) => [role, status]),
			[
				["user", "complete"],
				["assistant", "complete"],
			],
		);
	});

	it("repeats a refused attempt, waits as long as the server says, and keeps one id", async () => {
		const bodies = [];
		const pauses = [];
		let last = 0;
		const visitor = client({
			fetch: async (url, init) => {
				bodies.push(JSON.parse(init.body));
				pauses.push(performance.now() - last);
				last = performance.now();
				if (bodies.length === 1) throw new TypeError("fetch failed");
				if (bodies.length === 2)
					return new Response('{"error":"Busy","code":"busy"}', {
						status: 503,
						headers: { "retry-after": "1" },
					});
				return fetch(url, init);
			},
		});
		const { message } = await visitor.chat('[[text="Yes"]] again');
		assert.equal(message, "Yes");
		assert.equal(new Set(bodies.map((body) => body.clientMessageId)).size, 1);
		assert.equal(bodies.length, 3);
		assert.ok(pauses[2] >= 990, `${pauses[2]} ms`);
		const repeated = await visitor.chat('[[text="Yes"]] again', {
			clientMessageId: bodies[0].clientMessageId,
		});
		assert.equal(repeated.message, "Yes");
		assert.equal((await stored(visitor)).length, 2);
	});

	it("says what was refused, and does not repeat it", async () => {
		let attempts = 0;
		const visitor = client({
			apiKey: "wrong",
			fetch: (...args) => {
				attempts++;
				return fetch(...args);
			},
		});
		const isRefused = (error) => {
			assert.ok(error instanceof BanterError);
			const { message, status, code } = error;
			assert.deepEqual([message, status, code], ["Unauthorized", 401, "unauthorized"]);
			return true;
		};
		await assert.rejects(visitor.chat("Hi"), isRefused);
		await assert.rejects(collect(visitor.stream("Hi")), isRefused);
		await assert.rejects(visitor.history(), isRefused);
		await assert.rejects(collect(visitor.events()), isRefused);
		assert.equal(attempts, 4);
	});

	it("gives up after so many attempts", async () => {
		let attempts = 0;
		const visitor = client({
			attempts: 2,
			fetch: async () => {
				attempts++;
				throw new TypeError("fetch failed");
			},
		});
		await assert.rejects(visitor.chat("Hi"), TypeError);
		await assert.rejects(collect(visitor.stream("Hi")), TypeError);
		assert.equal(attempts, 4);
	});

	it("stops a reply, and resumes one that the history names", async () => {
		const visitor = client();
		const stream = visitor.stream("[[tokens=9 hold-after=3]] stop");
		let id;
		for await (const event of stream) {
			id ??= event.messageId;
			if (event.text.trim() === numbered(3)) break; // leaves the stream; the reply goes on
		}
		const { active } = await visitor.history();
		assert.equal(active, id);
		const texts = [];
		for await (const { type, text } of visitor.resume(active, "t0 ")) {
			if (type !== "start") texts.push(text);
			if (text.trim() === numbered(3)) assert.equal(await visitor.stop(active), "stopped");
		}
		assert.equal(texts[0].slice(0, 3), "t0 ");
		assert.equal(texts.at(-1), numbered(3));
		assert.equal(await visitor.stop(active), "stopped");
	});

	it("ends a call that its caller aborts; the reply is stored", async () => {
		const visitor = client();
		const abort = new AbortController();
		const { signal } = abort;
		const message = "[[tokens=5 hold-after=2]] abort";
		await assert.rejects(async () => {
			for await (const { text } of visitor.stream(message, { signal }))
				if (text.trim() === numbered(2)) abort.abort();
		}, /AbortError|aborted/);
		await banter.release("abort");
		await until("the reply is stored", async () => (await stored(visitor)).length === 2);
	});

	it("follows the session without a gap, also over connections that are cut", async () => {
		const visitor = client({ server: network.url, operators: true });
		const { conversationId } = await visitor.chat('[[text="Hello"]] Hi');
		const abort = new AbortController();
		const seen = [];
		const following = (async () => {
			for await (const event of visitor.events({ signal: abort.signal })) seen.push(event);
		})();
		await until("the state arrives", () => seen.some(({ type }) => type === "state"));
		const path = `/v1/admin/conversations/${conversationId}`;
		const act = async (what, body) => {
			const answer = await banter.request("POST", `${path}/${what}`, { headers: ADMIN, body });
			assert.ok(answer.status < 300, answer.text);
		};
		await act("takeover", { name: "Jane" });
		const says = (text) => act("messages", { content: text });
		const isHeard = (text) =>
			until(`"${text}" arrives`, () => seen.filter(({ content }) => content === text).length === 1);
		for (const text of ["one", "two", "three"]) {
			network.cut();
			await says(text);
			await isHeard(text);
		}
		const people = seen.filter(({ role }) => role === "operator");
		assert.deepEqual(
			people.map(({ content }) => content),
			["one", "two", "three"],
		);
		abort.abort();
		await assert.rejects(following, /AbortError|aborted/);
	});

	it("ends a stream that is silent for too long, and resumes it", async () => {
		const visitor = client({ silence: 200 });
		const message = "[[tokens=4 hold-after=2]] silent";
		let starts = 0;
		let last;
		for await (const event of visitor.stream(message)) {
			if (event.type === "start" && ++starts === 2) await banter.release("silent");
			last = event;
		}
		assert.equal(last.text, numbered(4));
		assert.ok(starts >= 2);
		assert.equal((await stored(visitor)).length, 2);
	});
});
