// The adapter of Telegram, as its owner runs it, between the real daemons and a Bot API of the test: each message once each way,
// in order, also when Telegram, the adapter or banter fail.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { toHtml } from "../../widget/packages/telegram/src/markdown.js";
import { split } from "../../widget/packages/telegram/src/telegram.js";
import { freePort, ROOT, until, useBanter } from "./harness.mjs";
import { adminExpect, WIDGET } from "./organizations.mjs";

const TOKEN = "4711:test-token";

/** The fields of a request: JSON, or a form, whose files become {name, type, bytes}. */
async function bodyOf({ headers }, bytes) {
	if (!headers["content-type"].startsWith("multipart/")) return JSON.parse(bytes);
	const form = await new Response(bytes, { headers }).formData();
	const fields = [...form].map(async ([name, value]) => {
		if (typeof value === "string") return [name, value];
		const content = Buffer.from(await value.arrayBuffer());
		return [name, { name: value.name, type: value.type, bytes: content }];
	});
	return Object.fromEntries(await Promise.all(fields));
}

/** Telegram's servers: updates for getUpdates or a webhook, and what the bot sent. */
class Telegram {
	updates = [];
	sent = [];
	calls = [];
	answer = () => undefined; // a refusal: {error_code, description, parameters}

	files = new Map(); // by file_id: bytes that people have sent

	async start() {
		this.server = createServer(async (request, response) => {
			const pieces = [];
			for await (const piece of request) pieces.push(piece);
			const [, file] = /^\/file\/bot4711:test-token\/files\/(\w+)$/.exec(request.url) ?? [];
			if (file !== undefined) return response.end(this.files.get(file));
			const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url);
			const body = await bodyOf(request, Buffer.concat(pieces));
			this.calls.push({ method, body });
			const refusal = token === TOKEN ? this.answer(method, body) : { error_code: 401 };
			const result = refusal ?? (await this[method]?.(body)) ?? true;
			const answer = refusal === undefined ? { ok: true, result } : { ok: false, ...refusal };
			response.writeHead(refusal?.error_code ?? 200, { "content-type": "application/json" });
			return response.end(JSON.stringify(answer));
		});
		await new Promise((listening) => this.server.listen(0, "127.0.0.1", listening));
		this.url = `http://127.0.0.1:${this.server.address().port}`;
	}

	stop() {
		this.server.closeAllConnections();
		this.server.close();
	}

	async getUpdates({ offset }) {
		this.updates = this.updates.filter(({ update_id }) => update_id >= offset);
		for (let i = 0; i < 20 && this.updates.length === 0; i++)
			await new Promise((done) => setTimeout(done, 25));
		return this.updates;
	}

	sendMessage({ chat_id, text, parse_mode, reply_markup }) {
		this.sent.push({ to: `${chat_id}`, text, parse_mode, reply_markup });
		return { message_id: this.sent.length };
	}

	getFile({ file_id }) {
		return { file_id, file_path: `files/${file_id}` };
	}

	sendPhoto({ chat_id, caption, photo, reply_markup }) {
		this.sent.push({ to: `${chat_id}`, caption, photo, reply_markup });
		return { message_id: this.sent.length };
	}

	sendDocument({ chat_id, caption, document }) {
		this.sent.push({ to: `${chat_id}`, caption, document });
		return { message_id: this.sent.length };
	}

	editMessageReplyMarkup({ message_id, reply_markup }) {
		const { inline_keyboard } = reply_markup;
		this.sent[message_id - 1].reply_markup = inline_keyboard.length > 0 ? reply_markup : undefined;
	}

	/** Somebody presses the button with this label under the n-th message to them. */
	press(id, n, label) {
		const own = this.sent.filter(({ to }) => to === `${id}`);
		const { reply_markup } = own[n - 1];
		const button = reply_markup.inline_keyboard.flat().find(({ text }) => text === label);
		const message_id = this.sent.indexOf(own[n - 1]) + 1;
		const message = { message_id, chat: { id, type: "private" }, reply_markup };
		const press = { id: `press-${this.#next}`, from: { id, first_name: "Ada" }, message };
		return this.update({ callback_query: { ...press, data: button.callback_data } });
	}

	/** What the bot has said to the n-th press of a button. */
	async answered(n) {
		const answers = () => this.calls.filter(({ method }) => method === "answerCallbackQuery");
		await until(`answer ${n} to a press`, () => answers().length >= n);
		return answers()[n - 1].body;
	}

	#next = 100;

	update(fields) {
		const update = { update_id: this.#next++, ...fields };
		this.updates.push(update);
		return update;
	}

	/** Somebody writes to the bot. */
	write(id, text, more = {}) {
		const from = { id, first_name: "Ada", language_code: "en" };
		const chat = { id, type: "private" };
		return this.update({ message: { message_id: this.#next, chat, from, text, ...more } });
	}

	/** The n-th text that the bot has sent to somebody. */
	async shown(id, n = 1) {
		const own = () => this.sent.filter(({ to }) => to === `${id}`);
		await until(`message ${n} of the bot to ${id}`, () => own().length >= n);
		return own()[n - 1];
	}
}

class Adapter {
	constructor(env) {
		this.env = env;
	}

	launch() {
		const program = join(ROOT, "widget/packages/telegram/src/main.js");
		const env = { PATH: process.env.PATH, ...this.env };
		this.child = spawn(process.execPath, [program], { env, stdio: ["ignore", "ignore", "pipe"] });
		this.lines = [];
		createInterface({ input: this.child.stderr }).on("line", (line) => this.lines.push(line));
		this.ended = new Promise((end) =>
			this.child.once("exit", (code, signal) => end(code ?? signal)),
		);
	}

	async start() {
		this.launch();
		await until("the adapter has started", () =>
			this.lines.some((l) => l.startsWith("ev=started")),
		);
	}

	stop(signal = "SIGTERM") {
		this.child.kill(signal);
		return this.ended;
	}
}

/** A banter with a channel, and an adapter for it. */
function useTelegram(env = {}, hook = false) {
	const banter = useBanter({ workers: 2, env: { WEBHOOK_ALLOW: "127.0.0.0/8", ...env } });
	const telegram = new Telegram();
	const all = { banter, telegram };
	before(async () => {
		await telegram.start();
		all.directory = mkdtempSync(join(tmpdir(), "banter-telegram-"));
		const port = await freePort();
		all.url = `http://127.0.0.1:${port}`;
		const fields = { url: `${all.url}/banter`, format: "channel", widget_id: WIDGET };
		const { id, secret } = await adminExpect(banter, 201, "POST", "webhooks", fields);
		all.channel = id;
		all.adapter = new Adapter({
			BANTER_CHANNEL: `${banter.url}/v1/channels/${id}`,
			BANTER_SECRET: secret,
			TELEGRAM_TOKEN: TOKEN,
			TELEGRAM_API: telegram.url,
			STATE_FILE: join(all.directory, "state"),
			PORT: `${port}`,
			...(hook && { TELEGRAM_WEBHOOK: "https://bot.example/telegram" }),
		});
		await all.adapter.start();
	});
	after(async () => {
		await all.adapter?.stop();
		telegram.stop();
		if (all.directory) rmSync(all.directory, { recursive: true });
	});
	return all;
}

/** The texts of a person's conversation. */
async function thread({ banter, channel }, id) {
	const { conversations } = await adminExpect(banter, 200, "GET", "conversations?limit=50");
	const found = conversations.find(({ sessionId }) => sessionId === `@${channel}:${id}`);
	const { messages } = await banter.thread(found._id);
	return { conversation: found, texts: messages.map(({ content }) => content) };
}

describe("people who write to a bot", () => {
	const all = useTelegram();
	const { banter, telegram } = all;

	it("are answered there", async () => {
		telegram.write(1, "[[echo]] **hello** <you> & me");
		assert.deepEqual(await telegram.shown(1), {
			to: "1",
			text: "<b>hello</b> &lt;you&gt; &amp; me",
			parse_mode: "HTML",
			reply_markup: undefined,
		});
		const { conversation } = await thread(all, 1);
		assert.equal(conversation.contact.name, "Ada");
		await until("typing", () => telegram.calls.some(({ method }) => method === "sendChatAction"));
	});

	it("are greeted, and may ask for a person by a button, who writes to them", async () => {
		telegram.write(2, "/start");
		const { text, reply_markup } = await telegram.shown(2);
		assert.equal(text, "Hello! How can we help?");
		const [[{ callback_data }]] = reply_markup.inline_keyboard;
		const press = { id: "p1", from: { id: 2, first_name: "Bob" }, data: callback_data };
		telegram.update({
			callback_query: { ...press, message: { chat: { id: 2, type: "private" } } },
		});
		await telegram.shown(2, 2);
		const { conversation, texts } = await thread(all, 2);
		assert.deepEqual([conversation.state, texts[0]], ["waiting", "Talk to a person"]);
		const path = `conversations/${conversation._id}`;
		await adminExpect(banter, 200, "POST", `${path}/takeover`, { name: "Jane" });
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: "I am here." });
		assert.equal((await telegram.shown(2, 3)).text, "<b>Jane:</b> I am here.");
	});

	it("send what has no text, and what groups say is nobody's", async () => {
		telegram.files.set("photo", Buffer.from("x"));
		const photo = [{ file_id: "photo" }];
		telegram.write(3, undefined, { photo, voice: {}, caption: "[[echo]] broken" });
		telegram.update({
			message: { message_id: 1, chat: { id: -3, type: "group" }, from: { id: 3 }, text: "x" },
		});
		await telegram.shown(3);
		assert.equal(
			(await thread(all, 3)).texts[0],
			"[[echo]] broken\n[Voice message]\n[Photo (This widget does not accept files)]",
		);
		assert.ok(!telegram.sent.some(({ to }) => to === "-3"));
	});

	it("get long answers in parts, and text alone where Telegram refuses the markup", async () => {
		telegram.write(4, "[[echo]] begin");
		await telegram.shown(4);
		const { conversation } = await thread(all, 4);
		const path = `conversations/${conversation._id}`;
		await adminExpect(banter, 200, "POST", `${path}/takeover`, { name: "Jane" });
		const long = `${"word ".repeat(1500)}\n\nend`;
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: long });
		assert.match((await telegram.shown(4, 3)).text, /end$/);
		telegram.answer = (method, { parse_mode }) =>
			method === "sendMessage" && parse_mode
				? { error_code: 400, description: "can't parse entities" }
				: undefined;
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: "**plain**" });
		assert.equal((await telegram.shown(4, 4)).text, "**Jane:** **plain**");
		telegram.answer = () => undefined;
	});

	it("who have blocked the bot hold nobody up, and a busy Telegram loses nothing", async () => {
		telegram.answer = (method, { chat_id }) =>
			method === "sendMessage" && `${chat_id}` === "5"
				? { error_code: 403, description: "blocked" }
				: undefined;
		telegram.write(5, "[[echo]] nobody hears this");
		telegram.write(6, "[[echo]] but this");
		assert.equal((await telegram.shown(6)).text, "but this");
		let refused = 0;
		telegram.answer = (method) =>
			method === "sendMessage" && refused++ < 2
				? { error_code: 429, description: "Too Many Requests", parameters: { retry_after: 1 } }
				: undefined;
		telegram.write(7, "[[echo]] later");
		assert.equal((await telegram.shown(7)).text, "later");
		assert.equal(refused, 3);
		telegram.answer = () => undefined;
	});

	it("lose nothing and get nothing twice when the adapter is killed and banter restarts", async () => {
		const wanted = [];
		for (let n = 0; n < 12; n++) {
			const id = 100 + (n % 4);
			telegram.write(id, `[[echo]] number ${n}`);
			wanted.push(`${id} number ${n}`);
			if (n % 5 === 2) {
				await all.adapter.stop("SIGKILL");
				await all.adapter.start();
			}
			if (n === 6) await banter.killWorkers(banter.workerPids());
		}
		const shown = () => telegram.sent.filter(({ to }) => to >= "100" && to < "104");
		await until("all are answered", () => new Set(shown().map(({ text }) => text)).size >= 12);
		for (const id of [100, 101, 102, 103]) {
			const asked = (await thread(all, id)).texts.filter((text) => text.startsWith("[[echo]]"));
			assert.deepEqual(
				asked.map((text) => `${id} ${text.slice(9)}`),
				wanted.filter((one) => one.startsWith(`${id} `)),
				"each message once, in order",
			);
		}
	});

	it("cannot be written to by others", async () => {
		const before = telegram.sent.length;
		const body = JSON.stringify({
			delivery: "x",
			kind: "message",
			to: "1",
			message: { text: "spam" },
		});
		for (const path of ["/banter", "/telegram", "/"]) {
			const answer = await fetch(`${all.url}${path}`, { method: "POST", body });
			assert.ok([401, 404].includes(answer.status), `${path}: ${answer.status}`);
		}
		assert.equal((await fetch(`${all.url}/health`)).status, 204);
		assert.equal(telegram.sent.length, before);
		assert.ok(!all.adapter.lines.some((line) => line.includes(TOKEN)), "the log has no token");
	});
});

const ALL_FILES = { files: { allow: true } };
const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(200_000, 7)]);
const PDF = Buffer.from("%PDF-1.7\n%test\n");

/** A file of an operator, uploaded. */
async function uploadOwn(banter, name, bytes) {
	const body = { name, bytes: bytes.length };
	const { id, token } = await adminExpect(banter, 201, "POST", "files", body);
	const headers = { "upload-token": token, "upload-offset": "0" };
	const sent = await fetch(`${banter.url}/v1/files/${id}`, {
		method: "PATCH",
		headers,
		body: bytes,
	});
	assert.equal(sent.status, 200);
	return id;
}

async function filesOf(all, id) {
	const { conversation } = await thread(all, id);
	const { messages } = await all.banter.thread(conversation._id);
	return messages.filter(({ role }) => role === "user").flatMap(({ files = [] }) => files);
}

async function bytesOf(banter, { url }) {
	const answer = await fetch(`${banter.url}${url}`);
	assert.equal(answer.status, 200);
	return Buffer.from(await answer.arrayBuffer());
}

describe("files", () => {
	const all = useTelegram();
	const { banter, telegram } = all;
	before(() => adminExpect(banter, 200, "PUT", `widgets/${WIDGET}`, { settings: ALL_FILES }));

	/** Somebody sends a document. */
	function document(id, bytes, file_name, more = {}) {
		const file_id = `f${telegram.files.size}`;
		telegram.files.set(file_id, bytes);
		const file = { file_id, file_name, file_size: bytes.length };
		return telegram.write(id, undefined, { document: file, ...more });
	}

	it("of people are in the conversation", async () => {
		telegram.files.set("small", Buffer.from("x"));
		telegram.files.set("large", PNG);
		const photo = [{ file_id: "small" }, { file_id: "large", file_size: PNG.length }];
		telegram.write(1, undefined, { photo, caption: "[[echo]] see" });
		assert.match((await telegram.shown(1)).text, /^see\n/);
		document(1, PDF, "bill.pdf", { caption: "[[echo]] and this" });
		await telegram.shown(1, 2);
		const files = await filesOf(all, 1);
		assert.deepEqual(
			files.map(({ name, type }) => [name, type]),
			[
				["photo.jpg", "image/png"],
				["bill.pdf", "application/pdf"],
			],
		);
		assert.deepEqual(await bytesOf(banter, files[0]), PNG);
		assert.deepEqual(await bytesOf(banter, files[1]), PDF);
	});

	it("that are not accepted are named", async () => {
		const program = Buffer.from("MZ\0\0not a document");
		document(2, program, "setup.exe", { caption: "[[echo]] install" });
		telegram.write(2, "[[echo]] in order");
		assert.equal((await telegram.shown(2, 2)).text, "in order");
		const { texts } = await thread(all, 2);
		assert.equal(
			texts[0],
			"[[echo]] install\n[Document: setup.exe (Files of this type are not accepted)]",
		);
		const huge = { file_id: "huge", file_name: "film.pdf", file_size: 21 << 20 };
		telegram.write(2, undefined, { document: huge, caption: "[[echo]] long" });
		await telegram.shown(2, 3);
		const large = Buffer.concat([PDF, Buffer.alloc(11 << 20)]);
		document(2, large, "scan.pdf", { caption: "[[echo]] large" });
		await telegram.shown(2, 4);
		const asked = (await thread(all, 2)).texts.filter((text) => text.startsWith("[[echo]]"));
		assert.deepEqual(
			asked.slice(2).map((text) => text.split("\n")[1]),
			["[Document: film.pdf (too large)]", "[Document: scan.pdf (The file is too large)]"],
		);
		assert.deepEqual(await filesOf(all, 2), []);
	});

	it("of the team are shown", async () => {
		telegram.write(3, "[[echo]] begin");
		await telegram.shown(3);
		const { conversation } = await thread(all, 3);
		const path = `conversations/${conversation._id}`;
		await adminExpect(banter, 200, "POST", `${path}/takeover`, { name: "Jane" });
		const files = [
			await uploadOwn(banter, "plan.png", PNG),
			await uploadOwn(banter, "Größe.pdf", PDF),
		];
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: "Look", files });
		assert.equal((await telegram.shown(3, 2)).text, "<b>Jane:</b> Look");
		const { photo } = await telegram.shown(3, 3);
		assert.deepEqual(photo, { name: "plan.png", type: "image/png", bytes: PNG });
		const { document: sent } = await telegram.shown(3, 4);
		assert.deepEqual(sent, { name: "Größe.pdf", type: "application/pdf", bytes: PDF });
		// One that is no photo for Telegram, alone.
		telegram.answer = (method) =>
			method === "sendPhoto"
				? { error_code: 400, description: "PHOTO_INVALID_DIMENSIONS" }
				: undefined;
		const alone = [await uploadOwn(banter, "long.png", PNG)];
		await adminExpect(banter, 201, "POST", `${path}/messages`, { content: "", files: alone });
		const last = await telegram.shown(3, 5);
		assert.deepEqual([last.document.name, last.caption], ["long.png", "Jane"]);
		telegram.answer = () => undefined;
	});

	it("come once, whoever is killed", async () => {
		const texts = [];
		for (let n = 0; n < 8; n++) {
			const bytes = Buffer.concat([PNG, Buffer.from([n])]);
			document(10 + (n % 2), bytes, `${n}.png`, { caption: `[[echo]] file ${n}` });
			texts.push(`file ${n}`);
			if (n % 3 === 1) {
				await until("a file is under way", () =>
					telegram.calls.some(
						({ method, body }) =>
							method === "getFile" && body.file_id === `f${telegram.files.size - 2}`,
					),
				);
				await all.adapter.stop("SIGKILL");
				if (n === 4) await banter.killWorkers(banter.workerPids());
				await all.adapter.start();
			}
		}
		const answers = () => telegram.sent.filter(({ to }) => to === "10" || to === "11");
		await until("all are answered", () => {
			const seen = new Set(answers().map(({ text }) => text.split("\n")[0]));
			return texts.every((text) => seen.has(text));
		});
		for (const id of [10, 11]) {
			const asked = (await thread(all, id)).texts.filter((text) => text.startsWith("[[echo]]"));
			const own = texts.filter((_, n) => 10 + (n % 2) === id);
			assert.deepEqual(
				asked,
				own.map((text) => `[[echo]] ${text}`),
				"each message once, in order",
			);
			const files = await filesOf(all, id);
			assert.deepEqual(
				files.map(({ name }) => `file ${parseInt(name, 10)}`),
				own,
				"each with its file, once",
			);
			for (const file of files)
				assert.equal((await bytesOf(banter, file)).at(-1), parseInt(file.name, 10));
		}
	});
});

/** The labels of the buttons under a message. */
const labelsOf = ({ reply_markup }) =>
	reply_markup?.inline_keyboard.map((row) => row.map(({ text }) => text).join(" | "));

describe("buttons", () => {
	const all = useTelegram({ PICTURE_ORIGINS: "https://cdn.example.com" });
	const { banter, telegram } = all;
	const QUESTION = {
		buttons: [
			{ name: "yes", label: "Yes, please" },
			{ name: "name-of-24-characters-00", label: "No" },
			{ label: "Docs", url: "https://example.com/docs" },
		],
	};

	/** The path of the conversation with somebody, which Jane has taken over. */
	async function taken(id) {
		telegram.write(id, "[[echo]] begin");
		await telegram.shown(id);
		const { conversation } = await thread(all, id);
		const path = `conversations/${conversation._id}`;
		await adminExpect(banter, 200, "POST", `${path}/takeover`, { name: "Jane" });
		return path;
	}

	const ask = (path, body) => adminExpect(banter, 201, "POST", `${path}/messages`, body);

	it("are shown as Telegram's, and one is pressed", async () => {
		const path = await taken(1);
		const { _id: message } = await ask(path, { content: "Shall **we**?", structure: QUESTION });
		const shown = await telegram.shown(1, 2);
		assert.equal(shown.text, "<b>Jane:</b> Shall <b>we</b>?");
		assert.deepEqual(labelsOf(shown), ["Yes, please", "No", "Docs"]);
		for (const { callback_data = "" } of shown.reply_markup.inline_keyboard.flat())
			assert.ok(Buffer.byteLength(callback_data) <= 64, callback_data);
		telegram.press(1, 2, "No");
		assert.equal((await telegram.answered(1)).text, undefined);
		await until("the mark", () => shown.reply_markup.inline_keyboard.length === 2);
		assert.deepEqual(labelsOf(shown), ["\u2713 No", "Docs"]);
		const { messages } = await banter.thread(path.split("/")[1]);
		const { content, answer } = messages.at(-1);
		assert.deepEqual(
			{ content, answer },
			{ content: "No", answer: { message, button: "name-of-24-characters-00" } },
		);
	});

	it("count once: a second press changes nothing, another choice is refused", async () => {
		const path = await taken(2);
		const seen = telegram.calls.filter(({ method }) => method === "answerCallbackQuery").length;
		await ask(path, { content: "Well?", structure: QUESTION });
		const { reply_markup } = await telegram.shown(2, 2);
		telegram.press(2, 2, "Yes, please");
		await telegram.answered(seen + 1);
		await until("the mark", () => telegram.sent.at(-1).reply_markup !== reply_markup);
		telegram.press(2, 2, "\u2713 Yes, please");
		assert.equal((await telegram.answered(seen + 2)).text, undefined);
		// As another device still shows it.
		telegram.sent.at(-1).reply_markup = reply_markup;
		telegram.press(2, 2, "No");
		assert.equal((await telegram.answered(seen + 3)).text, "Already answered");
		assert.deepEqual((await thread(all, 2)).texts.slice(2), [
			"Well?\n\n- Yes, please\n- No\n- Docs: https://example.com/docs",
			"Yes, please",
		]);
	});

	it("are pressed once, whoever is killed, and the assistant replies", async () => {
		const path = await taken(3);
		await ask(path, { content: "[[echo]]", structure: QUESTION });
		await telegram.shown(3, 2);
		await adminExpect(banter, 200, "POST", `${path}/handback`, {});
		await all.adapter.stop("SIGKILL");
		telegram.press(3, 2, "Yes, please");
		await banter.killWorkers(banter.workerPids());
		await all.adapter.start();
		await telegram.shown(3, 3);
		const { texts } = await thread(all, 3);
		assert.equal(texts.filter((text) => text === "Yes, please").length, 1);
		assert.equal(texts.length, 5, `${texts}`);
	});

	it("of cards are under each of them; a picture that Telegram cannot load is left out", async () => {
		const path = await taken(4);
		const cards = [
			{
				title: "Blue shirt",
				text: "Cotton",
				picture: "https://cdn.example.com/blue.png",
				buttons: [{ name: "blue", label: "Take it" }],
			},
			{ title: "Red", picture: "https://cdn.example.com/none.png" },
		];
		telegram.answer = (method, { photo }) =>
			method === "sendPhoto" && photo.endsWith("none.png")
				? { error_code: 400, description: "wrong file identifier/HTTP URL specified" }
				: undefined;
		await ask(path, { structure: { cards } });
		await telegram.shown(4, 4);
		telegram.answer = () => undefined;
		const own = telegram.sent.filter(({ to }) => to === "4").slice(1);
		assert.deepEqual(
			own.map(({ text, caption, photo }) => [photo, text ?? caption]),
			[
				[undefined, "<b>Jane:</b>"],
				["https://cdn.example.com/blue.png", "<b>Blue shirt</b>\nCotton"],
				[undefined, "<b>Red</b>"],
			],
		);
		telegram.press(4, 3, "Take it");
		await until("the choice", async () => (await thread(all, 4)).texts.at(-1) === "Take it");
	});

	it("that Telegram refuses, and forms, are words", async () => {
		const path = await taken(5);
		telegram.answer = (method, { reply_markup }) =>
			method === "sendMessage" && reply_markup
				? { error_code: 400, description: "inline keyboard button URL is invalid" }
				: undefined;
		await ask(path, { structure: QUESTION });
		const shown = await telegram.shown(5, 2);
		telegram.answer = () => undefined;
		assert.match(shown.text, /• Yes, please\n• No\n• Docs: https:/);
		await ask(path, { content: "Please", structure: { form: [{ kind: "text", label: "Why" }] } });
		assert.equal((await telegram.shown(5, 3)).text, "<b>Jane:</b> Please\n\n• Why");
	});
});

describe("what becomes of messages", () => {
	const all = useTelegram();
	const { banter, telegram } = all;

	/** The receipts of a person's messages, oldest first, when there are so many. */
	async function receipts(id, n) {
		const read = async () => {
			const { conversation } = await thread(all, id);
			const { messages } = await banter.thread(conversation._id);
			return messages.flatMap(({ receipt }) => (receipt ? [receipt] : []));
		};
		// There may be no conversation yet, or nobody who answers.
		await until("the receipts", async () => (await read().catch(() => [])).length >= n);
		return read();
	}

	it("is known to the team: delivered, or not and why", async () => {
		telegram.write(1, "[[echo]] hello");
		assert.equal((await receipts(1, 1))[0].state, "delivered");
		telegram.answer = (method) =>
			method === "sendMessage"
				? { error_code: 403, description: "Forbidden: bot was blocked by the user" }
				: undefined;
		telegram.write(1, "[[echo]] and goodbye");
		const [, { state, reason }] = await receipts(1, 2);
		assert.deepEqual([state, reason], ["failed", "bot was blocked by the user"]);
		telegram.answer = (method) =>
			method === "sendMessage"
				? { error_code: 400, description: "Bad Request: chat not found" }
				: undefined;
		telegram.write(2, "[[echo]] hello");
		assert.equal((await receipts(2, 1))[0].reason, "chat not found");
		telegram.answer = () => undefined;
	});

	it("is said again until banter knows it, and shown once", async () => {
		let isDown = false;
		telegram.answer = (method, { chat_id }) => {
			// Between Telegram's answer and the receipt, everything else dies.
			if (method !== "sendMessage" || `${chat_id}` !== "3" || isDown) return undefined;
			isDown = true;
			setImmediate(() => {
				for (const pid of banter.workerPids()) {
					banter.killed.add(String(pid));
					process.kill(pid, "SIGKILL");
				}
			});
			return undefined;
		};
		telegram.write(3, "[[echo]] once");
		const [{ state }] = await receipts(3, 1);
		assert.equal(state, "delivered");
		assert.equal(telegram.sent.filter(({ to }) => to === "3").length, 1);
		telegram.answer = () => undefined;
	});
});

describe("people who write too fast", () => {
	const all = useTelegram({ RATE_LIMIT_MAX_REQUESTS: "2", RATE_LIMIT_WINDOW_MS: "4000" });

	it("wait, in order, also over a restart, and hold nobody else up", async () => {
		const { telegram, adapter } = all;
		for (let n = 0; n < 5; n++) telegram.write(1, `[[echo]] ${n}`);
		telegram.write(2, "[[echo]] not waiting");
		assert.equal((await telegram.shown(2)).text, "not waiting");
		await adapter.stop("SIGKILL");
		await adapter.start();
		// An answer may have been shown twice, as the adapter was killed.
		const asked = async () =>
			(await thread(all, 1)).texts.filter((text) => text.startsWith("[[echo]]"));
		await until("all are there", async () => (await asked()).length >= 5);
		assert.deepEqual(
			await asked(),
			[0, 1, 2, 3, 4].map((n) => `[[echo]] ${n}`),
		);
	});
});

describe("people who write too fast to a bot with a webhook", () => {
	const limits = { RATE_LIMIT_MAX_REQUESTS: "2", RATE_LIMIT_WINDOW_MS: "4000" };
	const all = useTelegram(limits, true);

	it("are behind what waits, also while the adapter starts", async () => {
		const { telegram, adapter } = all;
		const setHook = () => telegram.calls.find(({ method }) => method === "setWebhook");
		await until("the webhook is set", setHook);
		const headers = { "x-telegram-bot-api-secret-token": setHook().body.secret_token };
		const write = async (n) => {
			const body = JSON.stringify(telegram.write(1, `[[echo]] ${n}`));
			const { status } = await fetch(`${all.url}/telegram`, { method: "POST", headers, body });
			assert.equal(status, 204);
		};
		for (let n = 0; n < 5; n++) await write(n);
		await adapter.stop("SIGKILL");
		// Telegram is slow to answer the adapter's first request.
		let go;
		const slow = new Promise((resolve) => {
			go = resolve;
		});
		telegram.setWebhook = () => slow;
		await adapter.start();
		await write(5);
		go(true);
		const asked = async () =>
			(await thread(all, 1)).texts.filter((text) => text.startsWith("[[echo]]"));
		await until("all are there", async () => (await asked()).length >= 6);
		assert.deepEqual(
			await asked(),
			[0, 1, 2, 3, 4, 5].map((n) => `[[echo]] ${n}`),
		);
	});
});

describe("a bot with a webhook", () => {
	const all = useTelegram({}, true);

	it("takes what Telegram sends, and nobody else", async () => {
		const { telegram } = all;
		await until("the webhook is set", () =>
			telegram.calls.some(({ method }) => method === "setWebhook"),
		);
		const { url, secret_token } = telegram.calls.find(({ method }) => method === "setWebhook").body;
		assert.equal(url, "https://bot.example/telegram");
		const update = telegram.write(9, "[[echo]] by the hook");
		const post = (headers) =>
			fetch(`${all.url}/telegram`, { method: "POST", headers, body: JSON.stringify(update) });
		assert.equal((await post({})).status, 401);
		for (let i = 0; i < 2; i++)
			assert.equal((await post({ "x-telegram-bot-api-secret-token": secret_token })).status, 204);
		assert.equal((await telegram.shown(9)).text, "by the hook");
		assert.equal((await thread(all, 9)).texts.length, 2);
	});
});

it("a program without its settings says which", async () => {
	const adapter = new Adapter({});
	adapter.launch();
	assert.equal(await adapter.ended, 78);
	assert.match(adapter.lines[0], /set BANTER_CHANNEL/);
});

it("Markdown becomes the tags that Telegram knows, always nested", () => {
	const cases = [
		["plain <b>", "plain &lt;b&gt;"],
		["a **b** *c* _d_ ~~e~~ `f<g`", "a <b>b</b> <i>c</i> <i>d</i> <s>e</s> <code>f&lt;g</code>"],
		["snake_case_name 2*3*4", "snake_case_name 2*3*4"],
		[
			'[a "b"](https://x.test/?a=1&b=2)',
			'<a href="https://x.test/?a=1&amp;b=2">a &quot;b&quot;</a>',
		],
		["[x](javascript:alert(1))", "[x](javascript:alert(1))"],
		["## Title ##\n- one\n* two", "<b>Title</b>\n• one\n• two"],
		["```js\na < b\n```\nafter", "<pre>a &lt; b</pre>\nafter"],
		["```\nnever ends", "<pre>never ends</pre>"],
		["**open `code**", "<b>open `code</b>"],
	];
	for (const [markdown, html] of cases) assert.equal(toHtml(markdown), html);
});

it("a text is cut between words, and never within a character", () => {
	assert.deepEqual(split("  short "), ["short"]);
	assert.deepEqual(split(""), []);
	for (const text of ["word ".repeat(3000), "x".repeat(9001), `a${"😀".repeat(4500)}`]) {
		const parts = split(text);
		assert.ok(parts.every((part) => part.length <= 4000 && part.isWellFormed?.() !== false));
		assert.equal(parts.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
	}
});
