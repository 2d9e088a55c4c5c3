// The Bot API of Telegram (core.telegram.org/bots/api): updates become messages of the channel, and the other way round.

import { createHash, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { toHtml } from "./markdown.js";

const POLL_S = 50;
const TEXT_MAX = 4000; // of the 4096 characters of a message

class TelegramError extends Error {
	constructor({ error_code, description, parameters }) {
		super(description ?? `status ${error_code}`);
		this.status = error_code;
		this.retryAfter = parameters?.retry_after;
	}
}

export class Bot {
	#address;

	constructor({ token, api }) {
		this.#address = `${api}/bot${token}`;
		// Telegram sends it with each request, so that nobody else can.
		this.secret = createHash("sha256").update(`banter ${token}`).digest("hex");
	}

	async call(method, body, { signal, ms = 30_000 } = {}) {
		const limit = AbortSignal.timeout(ms);
		let response;
		try {
			response = await fetch(`${this.#address}/${method}`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(body),
				signal: signal === undefined ? limit : (AbortSignal.any?.([limit, signal]) ?? limit),
			});
		} catch (error) {
			// Its message may have the address, and so the token.
			throw new Error(`${method}: ${error.cause?.code ?? error.name}`);
		}
		const json = await response.json().catch(() => ({ ok: false, error_code: response.status }));
		if (!json.ok) throw new TelegramError(json);
		return json.result;
	}

	isFromTelegram(headers) {
		const given = Buffer.from(headers["x-telegram-bot-api-secret-token"] ?? "");
		const secret = Buffer.from(this.secret);
		return given.length === secret.length && timingSafeEqual(given, secret);
	}

	/** Telegram sends updates to this address, or, without one, keeps them for getUpdates. */
	setHook(url) {
		const allowed_updates = ["message", "callback_query"];
		return url === undefined
			? this.call("deleteWebhook", {})
			: this.call("setWebhook", { url, secret_token: this.secret, allowed_updates });
	}

	updates(offset, signal) {
		const allowed_updates = ["message", "callback_query"];
		const body = { offset, timeout: POLL_S, allowed_updates };
		return this.call("getUpdates", body, { signal, ms: (POLL_S + 15) * 1000 });
	}

	/** A text without markup. */
	say(chat_id, text, more = {}) {
		return this.call("sendMessage", { chat_id, text, ...more });
	}

	/** Nothing depends on it. */
	typing(chat_id) {
		return this.call("sendChatAction", { chat_id, action: "typing" }).catch(() => {});
	}

	/** Ends the waiting of a button. */
	answerButton(callback_query_id) {
		return this.call("answerCallbackQuery", { callback_query_id }).catch(() => {});
	}
}

/** What has no text is named: its address would have the bot's token in it. */
const KINDS = {
	photo: () => "[Photo]",
	document: ({ file_name }) => `[Document${file_name ? `: ${file_name}` : ""}]`,
	voice: () => "[Voice message]",
	audio: () => "[Audio]",
	video: () => "[Video]",
	video_note: () => "[Video]",
	animation: () => "[Animation]",
	sticker: ({ emoji }) => (emoji ? emoji : "[Sticker]"),
	location: ({ latitude, longitude }) => `[Location: ${latitude}, ${longitude}]`,
	contact: ({ first_name, phone_number }) => `[Contact: ${first_name} ${phone_number}]`,
};

function textOf(message) {
	const kinds = Object.keys(KINDS).filter((kind) => message[kind] !== undefined);
	// An animation is also a document.
	const named = kinds.filter((kind) => kind !== "document" || message.animation === undefined);
	const lines = named.map((kind) => KINDS[kind](message[kind]));
	const text = message.text ?? message.caption;
	if (text) lines.unshift(text);
	return lines.join("\n").slice(0, 4000);
}

function senderOf(chat, from, message) {
	const name = [from.first_name, from.last_name].filter(Boolean).join(" ").slice(0, 200);
	const own = message?.contact?.user_id === from.id ? message.contact.phone_number : undefined;
	return { id: `${chat.id}`, ...(name && { name }), ...(own && { phone: own }) };
}

/**
 * What an update asks for: message: for banter; greet: the chat that was begun; answer: the button that waits. Only private
 * chats count: in a group the answers would be everybody's.
 */
export function readUpdate({ message, callback_query: press }, personLabel) {
	if (press !== undefined) {
		const chat = press.message?.chat;
		const answer = press.id;
		if (chat?.type !== "private" || press.data !== "person") return { answer };
		const from = senderOf(chat, press.from);
		const ask = { id: `button:${press.id}`, from, text: personLabel, person: true };
		return { answer, message: ask };
	}
	if (message?.chat?.type !== "private" || message.from === undefined) return {};
	const { chat, from } = message;
	if (/^\/start\b/.test(message.text ?? "")) return { greet: chat.id };
	const text = textOf(message);
	if (text.trim() === "") return {};
	const id = `${chat.id}:${message.message_id}`;
	const sender = senderOf(chat, from, message);
	if (text === "/person") return { message: { id, from: sender, text: personLabel, person: true } };
	const context = {
		channel: "Telegram",
		...(from.language_code && { language: from.language_code }),
	};
	return { message: { id, from: sender, text, context } };
}

/** Fetches updates until the signal. What banter does not take now is fetched again, and with it what came behind it. */
export async function poll(bot, handle, { signal, log }) {
	let offset = 0;
	let wait = 1000;
	while (!signal.aborted) {
		try {
			for (const update of await bot.updates(offset, signal)) {
				if (!(await handle(update))) throw new Error("banter does not take messages now");
				offset = update.update_id + 1;
				wait = 1000;
			}
		} catch (error) {
			if (signal.aborted) return;
			log("waits", { why: error.message, ms: wait });
			await sleep(error.retryAfter ? error.retryAfter * 1000 : wait, undefined, { signal }).catch(
				() => {},
			);
			wait = Math.min(2 * wait, 60_000);
		}
	}
}

/** Parts of a text that fit into a message, cut between paragraphs, lines or words. */
export function split(text) {
	const parts = [];
	let rest = text.trim();
	while (rest.length > TEXT_MAX) {
		const front = rest.slice(0, TEXT_MAX);
		const at = ["\n\n", "\n", " "]
			.map((end) => front.lastIndexOf(end))
			.find((n) => n > TEXT_MAX / 2);
		let cut = at ?? TEXT_MAX;
		// Never between the halves of a character.
		if (at === undefined && /[\uD800-\uDBFF]/.test(front.at(-1))) cut--;
		parts.push(rest.slice(0, cut).trimEnd());
		rest = rest.slice(cut).trimStart();
	}
	if (rest !== "") parts.push(rest);
	return parts;
}

async function sendPart(bot, to, text) {
	const link_preview_options = { is_disabled: true };
	const html = toHtml(text);
	try {
		if (html.length <= 4096 * 4)
			return await bot.say(to, html, { parse_mode: "HTML", link_preview_options });
	} catch (error) {
		if (error.status !== 400) throw error;
	}
	return bot.say(to, text, { link_preview_options });
}

/**
 * Shows a message, from a part on; shown() is called for each part. Resolves to the error if it must be tried again. One whom
 * the bot cannot write to (403: blocked, or 400: no such chat) counts as shown.
 */
export async function show(bot, to, { text, status, author, sources = [] }, from, shown) {
	const links = sources
		.filter(({ url }) => url)
		.map(({ title, url }) => `[${title || url}](${url})`);
	const body = status === "interrupted" ? `${text} …` : text;
	const whole = [author ? `**${author}:** ${body}` : body, ...links].join("\n").trim();
	const parts = split(whole);
	for (let i = from; i < parts.length; i++) {
		try {
			await sendPart(bot, to, parts[i]);
		} catch (error) {
			if (error.status !== 403 && error.status !== 400) return error;
			console.error(`ev=not_shown to=${to} why=${JSON.stringify(error.message)}`);
			return undefined;
		}
		await shown(i + 1);
	}
	return undefined;
}
