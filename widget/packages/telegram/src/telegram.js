// The Bot API of Telegram (core.telegram.org/bots/api): updates become messages of the channel, and the other way round.

import { createHash, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { toHtml } from "./markdown.js";

const POLL_S = 50;
const TEXT_MAX = 4000; // of the 4096 characters of a message
const MIB = 1 << 20;
/** What a bot may fetch, and send as a photo or as any file. */
const FETCH_MAX = 20 * MIB;
const PHOTO_MAX = 10 * MIB;
const FILE_MAX = 50 * MIB;

class TelegramError extends Error {
	constructor({ error_code, description, parameters }) {
		super(description ?? `status ${error_code}`);
		this.status = error_code;
		this.retryAfter = parameters?.retry_after;
	}
}

export class Bot {
	#address;
	#files;

	constructor({ token, api }) {
		this.#address = `${api}/bot${token}`;
		this.#files = `${api}/file/bot${token}`;
		// Telegram sends it with each request, so that nobody else can.
		this.secret = createHash("sha256").update(`banter ${token}`).digest("hex");
	}

	async #fetch(what, address, options) {
		try {
			return await fetch(address, options);
		} catch (error) {
			// Its message may have the address, and so the token.
			throw new Error(`${what}: ${error.cause?.code ?? error.name}`);
		}
	}

	/** body: an object, or a form with a file. */
	async call(method, body, { signal, ms = 30_000 } = {}) {
		const limit = AbortSignal.timeout(ms);
		const isForm = body instanceof FormData;
		const response = await this.#fetch(method, `${this.#address}/${method}`, {
			method: "POST",
			...(isForm ? { body } : { body: JSON.stringify(body) }),
			...(!isForm && { headers: { "content-type": "application/json" } }),
			signal: signal === undefined ? limit : (AbortSignal.any?.([limit, signal]) ?? limit),
		});
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

	/** The bytes of a file that somebody has sent. */
	async load({ file_id, size }) {
		if (size > FETCH_MAX) throw new TelegramError({ error_code: 400, description: "too large" });
		const { file_path } = await this.call("getFile", { file_id });
		const response = await this.#fetch("file", `${this.#files}/${file_path}`, {
			signal: AbortSignal.timeout(60_000),
		});
		if (!response.ok) throw new TelegramError({ error_code: response.status });
		return Buffer.from(await response.arrayBuffer());
	}

	/** Sends a file in the field that names its kind. */
	sendFile(method, field, chat_id, { name, type, bytes, caption }) {
		const form = new FormData();
		form.set("chat_id", `${chat_id}`);
		if (caption) form.set("caption", caption);
		form.set(field, new Blob([bytes], { type }), name);
		return this.call(method, form, { ms: 60_000 });
	}

	/** Nothing depends on it. */
	typing(chat_id) {
		return this.call("sendChatAction", { chat_id, action: "typing" }).catch(() => {});
	}

	/** Ends the waiting of a button; a text is shown over the chat. */
	answerButton(callback_query_id, text) {
		const more = text === undefined ? {} : { text: text.slice(0, 200), show_alert: true };
		return this.call("answerCallbackQuery", { callback_query_id, ...more }).catch(() => {});
	}

	/** The buttons under a message that was sent. Nothing depends on it. */
	changeButtons(chat_id, message_id, inline_keyboard) {
		const body = { chat_id, message_id, reply_markup: { inline_keyboard } };
		return this.call("editMessageReplyMarkup", body).catch(() => {});
	}
}

/** What is neither text nor a file is named: its address would have the bot's token in it. */
const KINDS = {
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
	const lines = kinds.map((kind) => KINDS[kind](message[kind]));
	const text = message.text ?? message.caption;
	if (text) lines.unshift(text);
	return lines.join("\n").slice(0, 4000);
}

/** The photo and the document of a message, to be fetched; label is what stands for one that is not accepted. */
function filesOf({ photo, document, animation }) {
	const files = [];
	// The last size is the largest.
	const { file_id, file_size: size = 0 } = photo?.at(-1) ?? {};
	if (file_id) files.push({ file_id, size, name: "photo.jpg", label: "Photo" });
	// An animation is also a document.
	if (document?.file_id && animation === undefined) {
		const { file_id, file_size: size = 0, file_name: name = "document" } = document;
		files.push({ file_id, size, name, label: `Document: ${name}` });
	}
	return files;
}

/** Parts of a message that banter takes: the ids of its files, and a line for each that it does not accept. */
export function withFiles({ attachments, ...message }, results) {
	const files = results.flatMap(({ id }) => (id === undefined ? [] : [id]));
	const lines = results.flatMap(({ why }, i) =>
		why === undefined ? [] : [`[${attachments[i].label} (${why})]`],
	);
	const text = [message.text, ...lines].filter(Boolean).join("\n").slice(0, 4000);
	return { ...message, text, ...(files.length > 0 && { files }) };
}

function senderOf(chat, from, message) {
	const name = [from.first_name, from.last_name].filter(Boolean).join(" ").slice(0, 200);
	const own = message?.contact?.user_id === from.id ? message.contact.phone_number : undefined;
	return { id: `${chat.id}`, ...(name && { name }), ...(own && { phone: own }) };
}

/** What a button under a message says of itself, at most 64 bytes: "=", the message's id and the button's name. */
const dataOf = (message, name) => `=${message}:${name}`;

const CHOSEN = "\u2713 ";

/** The buttons of a message after one was pressed: that one, marked, and the links. */
function afterPress({ reply_markup: { inline_keyboard: rows = [] } = {} }, data) {
	const mark = (text) => (text.startsWith(CHOSEN) ? text : CHOSEN + text);
	return rows
		.map((row) =>
			row.flatMap((button) => {
				if (button.url !== undefined) return [button];
				return button.callback_data === data ? [{ ...button, text: mark(button.text) }] : [];
			}),
		)
		.filter((row) => row.length > 0);
}

function readPress({ id, from, data = "", message: under }, personLabel) {
	if (under?.chat?.type !== "private") return { press: { id } };
	const { chat } = under;
	const message = { id: `button:${id}`, from: senderOf(chat, from) };
	if (data === "person")
		return { press: { id }, message: { ...message, text: personLabel, person: true } };
	const [, about, button] = /^=([0-9a-f-]{36}):([a-z0-9_-]+)$/.exec(data) ?? [];
	if (about === undefined) return { press: { id } };
	const press = { id, chat: chat.id, under: under.message_id, buttons: afterPress(under, data) };
	return { press, message: { ...message, answer: { message: about, button } } };
}

/**
 * What an update asks for: message: for banter; greet: the chat that was begun; press: the button that waits, and, of one that answers
 * a message, which buttons that has from now on. Only private chats count: in a group the answers would be everybody's.
 */
export function readUpdate({ message, callback_query }, personLabel) {
	if (callback_query !== undefined) return readPress(callback_query, personLabel);
	if (message?.chat?.type !== "private" || message.from === undefined) return {};
	const { chat, from } = message;
	if (/^\/start\b/.test(message.text ?? "")) return { greet: chat.id };
	const text = textOf(message);
	const attachments = filesOf(message);
	if (text.trim() === "" && attachments.length === 0) return {};
	const id = `${chat.id}:${message.message_id}`;
	const sender = senderOf(chat, from, message);
	if (text === "/person") return { message: { id, from: sender, text: personLabel, person: true } };
	const context = {
		channel: "Telegram",
		...(from.language_code && { language: from.language_code }),
	};
	const files = attachments.length > 0 && { attachments };
	return { message: { id, from: sender, text, context, ...files } };
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

/** Sends a text; as it was written where Telegram refuses the markup. more: further fields of the message. */
async function sendPart(bot, to, text, more = {}) {
	const fields = { link_preview_options: { is_disabled: true }, ...more };
	const html = toHtml(text);
	try {
		if (html.length <= 4096 * 4) return await bot.say(to, html, { parse_mode: "HTML", ...fields });
	} catch (error) {
		if (error.status !== 400) throw error;
	}
	return bot.say(to, text, fields);
}

/** A row a button: labels may be long. */
const rowsOf = (id, buttons) =>
	buttons.map(({ name, label, url }) => [
		url === undefined ? { text: label, callback_data: dataOf(id, name) } : { text: label, url },
	]);

/** Sends a text with buttons under it. Telegram refuses some links: then the words say what there is. */
async function sendButtons(bot, to, text, rows, words) {
	try {
		return await sendPart(bot, to, text, { reply_markup: { inline_keyboard: rows } });
	} catch (error) {
		if (error.status !== 400) throw error;
	}
	for (const part of split(words)) await sendPart(bot, to, part);
}

const linesOf = (buttons) =>
	buttons.map(({ label, url }) => (url === undefined ? `- ${label}` : `- ${label}: ${url}`));

/** A card: its picture, if Telegram can load it, its title and text, and its buttons. */
async function sendCard(bot, to, id, { title, text, picture, buttons = [] }) {
	const body = [`**${title}**`, text].filter(Boolean).join("\n");
	const rows = rowsOf(id, buttons);
	if (picture !== undefined)
		try {
			return await bot.call("sendPhoto", {
				chat_id: to,
				photo: picture,
				caption: toHtml(body),
				parse_mode: "HTML",
				...(rows.length > 0 && { reply_markup: { inline_keyboard: rows } }),
			});
		} catch (error) {
			if (error.status !== 400) throw error;
		}
	if (rows.length === 0) return sendPart(bot, to, body);
	return sendButtons(bot, to, body, rows, [body, ...linesOf(buttons)].join("\n"));
}

/** A chat has no forms: the text has their fields in words. And buttons need a text: without one, their labels. */
function textOfReply({ text, structure }) {
	if (structure === undefined || structure.form !== undefined) return text;
	return structure.text || (structure.buttons ?? []).map(({ label }) => label).join(" / ");
}

/** The parts of a text with the buttons and cards of its message. */
function textParts(bot, to, text, { id, structure: { buttons = [], cards = [] } = {} }) {
	const texts = split(text);
	const sends = texts.map((part) => () => sendPart(bot, to, part));
	if (buttons.length > 0) {
		const last = texts.at(-1);
		const words = [last, ...linesOf(buttons)].join("\n");
		sends[sends.length - 1] = () => sendButtons(bot, to, last, rowsOf(id, buttons), words);
	}
	return [...sends, ...cards.map((card) => () => sendCard(bot, to, id, card))];
}

/** Sends a file, or names one that Telegram or banter does not have room or place for. */
async function sendFile(bot, to, file, caption, load) {
	const bytes = file.bytes > FILE_MAX ? undefined : await load(file);
	if (!bytes) {
		const why = bytes === null ? "removed" : "too large for Telegram";
		return bot.say(to, `[${file.name} (${why})]`);
	}
	const sent = { ...file, bytes, caption };
	if (/^image\/(jpeg|png)$/.test(file.type) && bytes.length <= PHOTO_MAX)
		try {
			return await bot.sendFile("sendPhoto", "photo", to, sent);
		} catch (error) {
			// Too wide or too high for a photo.
			if (error.status !== 400) throw error;
		}
	return bot.sendFile("sendDocument", "document", to, sent);
}

/** What a team reads: "Forbidden: bot was blocked by the user" without its first word. */
const reasonOf = ({ message }) =>
	message
		.replace(/^[\w ]+: /, "")
		.replace(/\s+/g, " ")
		.slice(0, 200);

/**
 * Shows a message, from a part on; shown() is called for each part, load() for the bytes of a file. Resolves to {error} if it must be
 * tried again, else to its receipt: one whom the bot cannot write to (403: blocked, or 400: no such chat) has failed.
 */
export async function show(bot, to, message, { from, shown, load }) {
	const { status, author, sources = [], files = [], structure } = message;
	const text = textOfReply(message);
	const links = sources
		.filter(({ url }) => url)
		.map(({ title, url }) => `[${title || url}](${url})`);
	const body = status === "interrupted" ? `${text} …` : text;
	const isTitled = author && (body !== "" || structure !== undefined);
	const whole = [isTitled ? `**${author}:** ${body}` : body, ...links].join("\n").trim();
	const parts = [
		...textParts(bot, to, whole, message),
		...files.map((file, i) => {
			const caption = i === 0 && !isTitled ? author : undefined;
			return () => sendFile(bot, to, file, caption, load);
		}),
	];
	for (let i = from; i < parts.length; i++) {
		try {
			await parts[i]();
		} catch (error) {
			if (error.status !== 403 && error.status !== 400) return { error };
			return { state: "failed", reason: reasonOf(error) };
		}
		await shown(i + 1);
	}
	return parts.length === 0 ? {} : { state: "delivered" };
}
