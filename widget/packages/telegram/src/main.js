#!/usr/bin/env node
// Telegram as a channel of banter. README.md describes the settings.

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Channel, verify } from "./channel.js";
import { Journal } from "./journal.js";
import { Bot, poll, readUpdate, show, withFiles } from "./telegram.js";

const log = (event, fields = {}) => {
	const said = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
	console.error(`ev=${event}${said.join("")}`);
};

function setting(name, fallback) {
	const value = process.env[name] || fallback;
	if (value === undefined) {
		console.error(`banter-telegram: set ${name}; see the README of @banter/telegram`);
		process.exit(78);
	}
	return value;
}

const channel = new Channel({
	url: setting("BANTER_CHANNEL"),
	secret: setting("BANTER_SECRET"),
});
const bot = new Bot({
	token: setting("TELEGRAM_TOKEN"),
	api: setting("TELEGRAM_API", "https://api.telegram.org"),
});
const welcome = setting("WELCOME", "Hello! How can we help?");
const personLabel = setting("PERSON_LABEL", "Talk to a person");
const hook = process.env.TELEGRAM_WEBHOOK;
const journal = await Journal.open(setting("STATE_FILE", "banter-telegram.state"));
const stop = new AbortController();

/** The last messages, by the reply that answers them: one that breaks off is asked for again, once. */
const asked = new Map();

function remember(replyId, message) {
	if (replyId === undefined) return;
	asked.set(replyId, message);
	if (asked.size > 1000) asked.delete(asked.keys().next().value);
}

/** How long a file may wait for banter to take it; after that, the message comes without it. */
const FILE_WAIT_MS = 60_000;

/** Brings a file from Telegram to banter. Resolves to its id there, to why it is not accepted, or to how long it must wait. */
async function carry(message, file, n) {
	try {
		const bytes = await bot.load(file);
		const own = { id: `${message.id}:${n}`, from: message.from, name: file.name };
		const { id, refusal } = await channel.upload(own, bytes);
		if (id !== undefined) return { id };
		if (refusal.retryAfterMs <= FILE_WAIT_MS) return { waitMs: refusal.retryAfterMs };
		log("file_refused", { message: message.id, status: refusal.status, why: refusal.error });
		return { why: refusal.error };
	} catch (error) {
		if (error.status === 400 || error.status === 404) return { why: error.message };
		log("file_waits", { message: message.id, why: error.message });
		return { waitMs: error.retryAfter ? error.retryAfter * 1000 : 2000 };
	}
}

/** Brings the files of a message. Resolves to what is left of it, or to how long it must wait. */
async function carryAll(message) {
	if (message.attachments === undefined) return { ready: message };
	const results = [];
	for (const [n, file] of message.attachments.entries()) {
		const result = await carry(message, file, n);
		if (result.waitMs !== undefined) return result;
		results.push(result);
	}
	return { ready: withFiles(message, results) };
}

/** Brings a message to banter. Resolves to how many ms it must wait before it comes again; 0: it is done. */
async function bring(held) {
	const { ready: message, waitMs } = await carryAll(held);
	if (waitMs !== undefined) return { retryAfterMs: waitMs };
	const answer = await channel.send(message);
	if (answer.accepted) {
		remember(answer.replyId, message);
		void bot.typing(message.from.id);
		return answer;
	}
	log("message_refused", { id: message.id, status: answer.status, why: answer.error });
	// No further attempt is of use: the person learns why.
	if (answer.retryAfterMs === undefined && answer.text !== undefined)
		await bot
			.say(message.from.id, answer.text)
			.catch((error) => log("not_told", { why: error.message }));
	return answer;
}

/** Messages of people who wrote more than they may at once: they wait here, in order, and on disk. */
const held = new Map();

/** Puts a message into its person's line, which moves from then on, after so many ms. */
async function hold(message, ms) {
	const person = message.from.id;
	const isFirst = !held.has(person);
	const queue = held.get(person) ?? [];
	held.set(person, queue);
	queue.push(message);
	try {
		await journal.hold(message);
	} catch (error) {
		// It comes again.
		if (queue.includes(message)) queue.splice(queue.indexOf(message), 1);
		throw error;
	} finally {
		if (isFirst) void drain(person, ms);
	}
}

async function drain(person, ms) {
	const queue = held.get(person);
	let wait = ms;
	while (queue.length > 0 && !stop.signal.aborted) {
		await sleep(wait, undefined, { signal: stop.signal }).catch(() => {});
		if (stop.signal.aborted) return;
		wait = (await bring(queue[0])).retryAfterMs ?? 0;
		if (wait === 0) await journal.release(queue.shift().id);
	}
	held.delete(person);
}

/** Takes a message of Telegram. False: banter cannot be reached, it must come again. */
async function send(message) {
	// Files take their time, which is nobody else's.
	if (held.has(message.from.id) || message.attachments !== undefined) {
		await hold(message, 0);
		return true;
	}
	const { status, retryAfterMs } = await bring(message);
	if (retryAfterMs === undefined) return true;
	if (status !== 429) return false;
	await hold(message, retryAfterMs);
	return true;
}

/** Takes the press of a button, which the person sees. False: banter cannot be reached, it must come again. */
async function choose({ id, chat, under, buttons }, message) {
	const { accepted, replyId, retryAfterMs, status, error } = await channel.send(message);
	if (accepted) {
		remember(replyId, message);
		await Promise.all([bot.answerButton(id), bot.changeButtons(chat, under, buttons)]);
		return true;
	}
	log("answer_refused", { id: message.id, status, why: error });
	if (retryAfterMs !== undefined && status !== 429) return false;
	// Too fast, or answered before: the buttons stay as they are.
	await bot.answerButton(id, error);
	return true;
}

/** Handles an update of Telegram. False: it must come again. */
async function handle(update) {
	const { press, greet, message } = readUpdate(update, personLabel);
	if (press !== undefined && message?.answer === undefined) await bot.answerButton(press.id);
	if (greet !== undefined) {
		const button = { text: personLabel, callback_data: "person" };
		await bot.say(greet, welcome, { reply_markup: { inline_keyboard: [[button]] } });
	}
	if (message?.answer !== undefined) return choose(press, message);
	return message === undefined || send(message);
}

/** Deliveries under way: one that banter repeats meanwhile, as a file takes long, waits for the same end. */
const showing = new Map();

function deliver(one) {
	const { delivery } = one;
	if (!showing.has(delivery))
		showing.set(
			delivery,
			present(one).finally(() => showing.delete(delivery)),
		);
	return showing.get(delivery);
}

/** Shows a delivery of banter. Resolves to the status of the answer, and how many seconds it must wait. */
async function present({ delivery, kind, to, conversationId, message }) {
	if (kind !== "message" || journal.has(delivery)) return { status: 204 };
	if (message.status === "interrupted" && asked.has(message.id)) {
		const again = asked.get(message.id);
		asked.delete(message.id);
		if (!(await channel.send(again)).accepted) return { status: 503, seconds: 5 };
	} else {
		const { error, ...receipt } = await show(bot, to, message, {
			from: journal.partsOf(delivery),
			shown: (part) => journal.note(delivery, part),
			load: (file) => channel.load(file),
		});
		if (error !== undefined) return { status: 503, seconds: error.retryAfter ?? 10 };
		if (receipt.state === "failed") log("not_shown", { to, why: receipt.reason });
		const place = { conversationId, messageId: message.id };
		// The delivery comes again until banter knows what became of it.
		if (receipt.state && (await channel.report({ ...place, ...receipt })) !== undefined)
			return { status: 503, seconds: 5 };
	}
	await journal.note(delivery);
	return { status: 204 };
}

async function bodyOf(request) {
	const pieces = [];
	let bytes = 0;
	for await (const piece of request) {
		bytes += piece.length;
		if (bytes > 8 << 20) throw new Error("the body is too large");
		pieces.push(piece);
	}
	return Buffer.concat(pieces);
}

async function answer(request) {
	const { pathname } = new URL(request.url, "http://localhost");
	if (request.method !== "POST") return { status: pathname === "/health" ? 204 : 404 };
	const body = await bodyOf(request);
	if (pathname === "/banter") {
		if (!verify(channel.secret, request.headers, body)) return { status: 401 };
		return deliver(JSON.parse(body));
	}
	if (hook === undefined || pathname !== new URL(hook).pathname) return { status: 404 };
	if (!bot.isFromTelegram(request.headers)) return { status: 401 };
	return { status: (await handle(JSON.parse(body))) ? 204 : 503 };
}

const server = createServer(async (request, response) => {
	let result = { status: 500 };
	try {
		result = await answer(request);
	} catch (error) {
		log("request_failed", { path: request.url, why: error.message });
	}
	const wait = result.seconds === undefined ? {} : { "retry-after": `${result.seconds}` };
	response.writeHead(result.status, wait).end();
});

async function end() {
	stop.abort();
	server.close();
	server.closeIdleConnections();
	await journal.close();
}
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, end);

// What arrives from now on comes behind what waits.
for (const message of journal.held.values())
	held.set(message.from.id, [...(held.get(message.from.id) ?? []), message]);

server.listen(Number(setting("PORT", "4100")), setting("HOST", "127.0.0.1"), async () => {
	log("started", { port: server.address().port, by: hook === undefined ? "polling" : "webhook" });
	try {
		await bot.setHook(hook);
	} catch (error) {
		log("telegram_refused", { why: error.message });
		process.exit(1);
	}
	for (const person of held.keys()) void drain(person, 0);
	if (hook === undefined) await poll(bot, handle, { signal: stop.signal, log });
});
