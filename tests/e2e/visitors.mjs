// Visitors of widgets, each with a WebSocket of the ws package.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { json } from "node:stream/consumers";
import { WebSocket } from "ws";
import { fromAddress, tlsOptions } from "./client.mjs";
import { conforms } from "./contract.mjs";
import { DEADLINE_MS, until, WIDGET_KEY } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";

/** Creates a widget; members override the defaults. */
export const makeWidget = (banter, members = {}) =>
	adminExpect(banter, 201, "POST", "widgets", members);
export const changeWidget = (banter, { id }, members) =>
	adminExpect(banter, 200, "PUT", `widgets/${id}`, members);
export const resetWidget = (banter, { id }) =>
	adminExpect(banter, 200, "POST", `widgets/${id}/reset-id`);
export const deleteWidget = (banter, { id }) => adminExpect(banter, 204, "DELETE", `widgets/${id}`);

export const settingsPath = ({ widget_id }) => `/api/widget/${widget_id}/settings`;
export const availabilityPath = ({ widget_id }) => `/api/widget/${widget_id}/availability`;
export const configPath = ({ widget_id }) => `/api/widget/${widget_id}/config`;

/** Takes the place of a widget: a session with the key. */
export const makeSession = () => ({ sessionId: randomUUID() });

/** The path of a route for frames: of a widget, with its name in both, or of a session. */
export function framesPath({ widget_id, sessionId }, leaf, ofSession, { token, ...query } = {}) {
	const search = (all) => new URLSearchParams(all);
	return sessionId
		? `/v1/chat/${ofSession}?${search({ sessionId, key: WIDGET_KEY, ...query })}`
		: `/api/widget/${widget_id}/${leaf}?${search({ ...(token && { token }), ...query })}`;
}

export const socketPath = (widget, query) => framesPath(widget, "ws", "ws", query);
export const socketUrl = (banter, widget, query) =>
	banter.url.replace(/^http/, "ws") + socketPath(widget, query);

/** A visitor's WebSocket. Received frames wait in `frames` until next() takes them. */
export class Visitor {
	frames = [];
	closed = undefined; // [code, reason] after the close

	constructor(
		banter,
		widget,
		{ token, back, stream, operators, history, sources, from, headers = {}, ...options } = {},
	) {
		this.banter = banter;
		this.widget = widget;
		const query = {
			...(token && { token }),
			...(back && { back }),
			...(stream && { stream: 1 }),
			...(operators && { operators: 1 }),
			...(history && { history: 1 }),
			...(sources && { sources: 1 }),
		};
		const url = socketUrl(banter, widget, query);
		this.ws = new WebSocket(url, { headers, ...fromAddress(from), ...tlsOptions, ...options });
		this.ws.on("message", (data, isBinary) => {
			assert.ok(!isBinary);
			const frame = JSON.parse(data.toString());
			assert.ok(conforms("WidgetSays", frame), `not as documented: ${data}`);
			this.frames.push(frame);
		});
		this.ws.on("close", (code, reason) => {
			this.closed = [code, reason.toString()];
		});
		this.ws.on("upgrade", ({ socket }) => {
			this.socket = socket;
		});
		this.ws.on("error", (error) => {
			this.error = error;
		});
	}

	/** Opens a WebSocket and takes its first frame. */
	static async open(banter, widget, options) {
		const visitor = new Visitor(banter, widget, options);
		const session = await visitor.next();
		assert.deepEqual(Object.keys(session), ["type", "session_token", "contact_info_submitted"]);
		assert.equal(session.type, "session");
		visitor.token = session.session_token;
		visitor.introduced = session.contact_info_submitted;
		return visitor;
	}

	/** Opens another tab of the same visitor, and takes the history. */
	async again(options = {}) {
		const other = await Visitor.open(this.banter, this.widget, { token: this.token, ...options });
		const history = await other.next();
		assert.equal(history.type, "history");
		other.history = history.messages;
		other.active = history.active;
		other.more = history.more;
		return other;
	}

	next() {
		return until("a frame", () => {
			if (this.frames.length > 0) return this.frames.shift();
			if (this.closed || this.error)
				throw new Error(`closed: ${this.closed ?? this.error.message}`);
			return undefined;
		});
	}

	/** Takes the frames up to and including the first of this type. */
	async upTo(type) {
		const frames = [];
		do frames.push(await this.next());
		while (frames.at(-1).type !== type);
		return frames;
	}

	/** Takes the frames of a reply, as [type, content | token | code]. */
	async reply() {
		return (await this.upTo("typing_stop")).map(summary);
	}

	send(frame) {
		this.ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
	}

	say(content, id) {
		this.send({ type: "message", content, id });
	}

	/** Sends a message; resolves to the text of the reply. */
	async ask(content, id) {
		this.say(content, id);
		const frames = await this.upTo("typing_stop");
		return frames.find(({ type }) => type === "message").content;
	}

	/** Loads the page of messages before this one. */
	older({ id }) {
		this.send({ type: "history", before: id });
		return this.next();
	}

	/** Takes the next frame, which must be this error. */
	/** isPassing: the frame says when it may be sent again. */
	async isRefused(code, id, message, isPassing = false) {
		const { retryAfterMs, ...refusal } = await this.next();
		assert.deepEqual(refusal, { type: "error", message, code, id });
		assert.equal(retryAfterMs > 0, isPassing);
		return retryAfterMs;
	}

	/** Submits contact details; resolves to the response. */
	introduce(contact) {
		this.send({ type: "contact_info", ...contact });
		return this.next();
	}

	async end() {
		await until("the end of a WebSocket", () => this.closed);
		return this.closed;
	}

	close() {
		this.ws.close();
		return this.end();
	}

	async worker() {
		return (await this.banter.workersOf([this.socket]))[0];
	}
}

/** A message to which the stub model replies with this text. */
export const echo = (text) => `[[echo]] ${text}`;

/** The summaries of the frames of a reply. */
export const replyOf = (text) => [["typing_start"], ["message", text], ["typing_stop"]];

/** A history as [role, content]. */
export const said = (history) => history.map(({ role, content }) => [role, content]);

/** The history after each of these was sent as echo(text) and answered. */
export const exchanged = (...texts) =>
	texts.flatMap((text) => [
		["user", echo(text)],
		["assistant", text],
	]);

/** The conversations of a widget or a session, newest first. */
export async function conversationsOf(banter, { id, sessionId }) {
	const of = id ? `?widgetId=${id}` : "";
	const { conversations } = await banter.adminGet(`/v1/admin/conversations${of}`);
	return conversations.filter((one) => id || one.sessionId === sessionId);
}

/** Deletes the widget's newest conversation as an admin. */
export async function deleteConversation(banter, widget) {
	const [{ _id }] = await conversationsOf(banter, widget);
	await adminExpect(banter, 204, "DELETE", `conversations/${_id}`);
}

/** A frame without the members that tests do not compare. */
export function summary({ type, content, token, code, role }) {
	const what = content ?? token ?? code;
	const by = role === "user" ? ["user"] : [];
	return what === undefined ? [type] : [type, what, ...by];
}

/**
 * Opens visitors until one is at a worker for which isWanted(pid) is true. The others stay open until then,
 * because a new connection goes to a worker that has few.
 */
async function openUntil(open, isWanted) {
	const others = [];
	for (;;) {
		const visitor = await open();
		if (isWanted(await visitor.worker())) {
			await Promise.all(others.map((other) => other.close()));
			return visitor;
		}
		others.push(visitor);
	}
}

export const openAtWorker = (open, pid) => openUntil(open, (worker) => worker === pid);
export const openAtOtherWorker = (open, pids) =>
	openUntil(open, (worker) => !pids.includes(worker));

/** Opens n tabs of a visitor of a new widget, each at a different worker. options.widget: its members. */
export async function openTabs(banter, n, options = {}) {
	const widget = await makeWidget(banter, options.widget);
	const all = [await Visitor.open(banter, widget, options)];
	while (all.length < n) {
		const workers = await Promise.all(all.map((one) => one.worker()));
		all.push(await openAtOtherWorker(() => all[0].again(options), workers));
	}
	return all;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Waits for the next UTC day if it begins soon: the daily caps are reset then. */
export function avoidMidnight() {
	const left = () => DAY_MS - (Date.now() % DAY_MS);
	return until("the next UTC day", () => left() > DEADLINE_MS, 2 * DEADLINE_MS);
}

/** Opens a WebSocket that must be refused; resolves to the HTTP response. */
export async function handshakeRefusal(banter, widget, options) {
	const visitor = new Visitor(banter, widget, options);
	const response = await new Promise((resolve, reject) => {
		visitor.ws.on("unexpected-response", (_, answer) => resolve(answer));
		visitor.ws.on("open", () => reject(new Error("the WebSocket was opened")));
		visitor.ws.on("error", reject);
	});
	return { status: response.statusCode, headers: response.headers, json: await json(response) };
}
