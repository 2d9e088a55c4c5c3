// Replies: begin, resume and stop them, at a chosen worker; the text of a stream's events; the history.

import assert from "node:assert/strict";
import { openStream, RawConnection } from "./client.mjs";
import { times, until, WIDGET_KEY } from "./harness.mjs";

export const KEY = { "x-api-key": WIDGET_KEY };
export const NOBODY = "0192f000-0000-7000-8000-000000000000";
export const SSE = { accept: "text/event-stream" };

/** The option of a request that gives its message an id. */
export const withId = (id) => ({ headers: { "idempotency-key": id } });

const query = (parameters) => new URLSearchParams(parameters).toString();

/** The path that resumes a reply. */
export function resumePath(messageId, sessionId, parameters = {}) {
	return `/v1/chat/stream/${messageId}?${query({ sessionId, ...parameters })}`;
}

export function resume(banter, messageId, sessionId, { after, headers = {} } = {}) {
	const parameters = after === undefined ? {} : { after };
	const path = resumePath(messageId, sessionId, parameters);
	return openStream(banter.url, path, { ...KEY, ...headers }, undefined);
}

export function stop(banter, messageId, sessionId) {
	return banter.request("POST", `/v1/chat/${messageId}/stop`, {
		headers: KEY,
		body: { sessionId },
	});
}

export function history(banter, sessionId, parameters = {}) {
	return banter.get(`/v1/chat/history?${query({ sessionId, ...parameters })}`, KEY);
}

/** All messages of a session, from all pages of its history, oldest first. */
export async function wholeHistory(banter, sessionId, parameters = {}) {
	const messages = [];
	for (let cursor; cursor !== null; ) {
		const { status, json } = await history(banter, sessionId, {
			...parameters,
			...(cursor && { cursor }),
		});
		assert.equal(status, 200, sessionId);
		messages.unshift(...json.messages);
		cursor = json.nextCursor;
	}
	return messages;
}

/** The messages of a session's history as [role, content, status]. */
export async function storedMessages(banter, sessionId) {
	const { json } = await history(banter, sessionId);
	return json.messages.map(({ role, content, status }) => [role, content, status]);
}

/** Asserts the whole history of a session. turns: [message, reply, status of the reply ("complete")]. */
export async function assertStored(banter, sessionId, ...turns) {
	const rows = turns.flatMap(([message, reply, status = "complete"]) => [
		["user", message, "complete"],
		["assistant", reply, status],
	]);
	assert.deepEqual(await storedMessages(banter, sessionId), rows, sessionId);
}

/** Asserts the headers of a stream of this type: not buffered, not stored, not compressed. */
export function assertStreamHeaders({ status, headers }, type) {
	assert.equal(status, 200);
	assert.equal(headers["content-type"], `${type}; charset=utf-8`);
	assert.equal(headers["cache-control"], "no-store, no-transform");
	assert.equal(headers["x-accel-buffering"], "no");
	assert.equal(headers["content-length"], undefined);
	assert.equal(headers["content-encoding"], undefined);
}

/** Begins a reply: its ids, and the text of its first n tokens. */
export async function begin(banter, session, message, n = 0, options = {}) {
	const stream = await banter.stream(session, message, options);
	const { messageId, conversationId } = await stream.next();
	const text = (await stream.tokens(n)).join("");
	return { stream, session, message, messageId, conversationId, text };
}

/** Begins a reply that hangs after n tokens. */
export function beginHanging(banter, session, n = 3, options = {}) {
	return begin(banter, session, `[[tokens=${n} hang-after=${n}]] ${session}`, n, options);
}

/** Waits until a session has a running reply; resolves to its id. */
export function runningReply(banter, session) {
	return until(`a running reply of ${session}`, async () => {
		const { json } = await history(banter, session);
		return json.active;
	});
}

/** Opens n listeners of a reply, at more than one worker. */
export async function listen(banter, { messageId, session }, n, options) {
	const listeners = await times(n, () => resume(banter, messageId, session, options));
	const workers = await workersOf(banter, listeners);
	assert.ok(new Set(workers).size > 1, "several workers serve it");
	return listeners;
}

/** The pids of the workers that serve these streams. */
export function workersOf(banter, streams) {
	return banter.workersOf(streams.map(({ socket }) => socket));
}

/** Waits until the model works on no request. */
export function modelIsIdle(banter) {
	return until("the model is idle", async () => (await banter.model("stats")).active === 0);
}

/** Runs body(), and waits until the model has lost one client more. */
export async function modelIsLeft(banter, body) {
	const count = async () => (await banter.model("stats")).client_disconnects;
	const before = await count();
	const result = await body();
	await until("the model's request is cancelled", async () => (await count()) === before + 1);
	return result;
}

/** Waits until the model has been asked for replies to messages with this text, n times. */
export function modelWasAsked(banter, text, n = 1) {
	return until("the model was asked", async () => {
		const calls = await banter.modelCalls(text);
		assert.ok(calls <= n, `the model was asked ${calls} times`);
		return calls === n;
	});
}

/** The text of a reply that a client has after these events, if it had `text` before. */
export function textAfter(events, text = "") {
	const [start, ...others] = events;
	assert.equal(start.type, "start", JSON.stringify(start));
	let now = text.slice(0, start.position ?? 0);
	for (const event of others) if (event.type === "token") now += event.token;
	return now;
}

/** Reads at least `length` characters of text. */
export async function textUntil(stream, length) {
	let text = "";
	while (text.length < length) text += (await stream.tokens(1))[0];
	return text;
}

/** Opens a connection to each worker: a map of pid → connection. */
export async function connectToEachWorker(banter, path = "/health") {
	const raws = new Map();
	while (raws.size < banter.workers) {
		const raw = await RawConnection.connect(banter.port);
		await getOn(raw, path);
		const [worker] = await banter.workersOf([raw.socket]);
		if (raws.has(worker)) raw.close();
		else raws.set(worker, raw);
	}
	return raws;
}

/** Opens a connection to another worker than these. */
export async function connectToOtherWorker(banter, ...workers) {
	const raws = await connectToEachWorker(banter);
	const [[found, other], ...rest] = [...raws].sort(
		([a], [b]) => workers.includes(a) - workers.includes(b),
	);
	assert.ok(!workers.includes(found));
	for (const [, raw] of rest) raw.close();
	return other;
}

/** GET, or another method without a body, on an open connection; resolves to the response. */
export async function getOn(raw, path, headers = {}, method = "GET") {
	const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	await raw.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${lines.join("")}\r\n`);
	return raw.response({ noBody: method === "HEAD" });
}

/** POST with a JSON body on an open connection; resolves to the response. */
export async function postOn(raw, path, body, headers = {}) {
	const json = JSON.stringify(body);
	const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	await raw.write(
		`POST ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n${lines.join("")}` +
			`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
	);
	return raw.response();
}
