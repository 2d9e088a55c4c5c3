// Requests about a reply: resume, stop, history; and the text of a stream's events.

import assert from "node:assert/strict";
import { openStream, RawConnection } from "./client.mjs";
import { WIDGET_KEY } from "./harness.mjs";

export const KEY = { "x-api-key": WIDGET_KEY };
export const NOBODY = "0192f000-0000-7000-8000-000000000000";
export const SSE = { accept: "text/event-stream" };

const query = (parameters) => new URLSearchParams(parameters).toString();

/** The path that resumes a reply. */
export function resumePath(messageId, sessionId, parameters = {}) {
	return `/v1/chat/stream/${messageId}?${query({ sessionId, ...parameters })}`;
}

/** GET /v1/chat/stream/{messageId}. */
export function resume(banter, messageId, sessionId, { after, headers = {} } = {}) {
	const parameters = after === undefined ? {} : { after };
	const path = resumePath(messageId, sessionId, parameters);
	return openStream(banter.url, path, { ...KEY, ...headers }, undefined);
}

/** POST /v1/chat/{messageId}/stop. */
export function stop(banter, messageId, sessionId) {
	return banter.request("POST", `/v1/chat/${messageId}/stop`, {
		headers: KEY,
		body: { sessionId },
	});
}

/** GET /v1/chat/history. */
export function history(banter, sessionId, parameters = {}) {
	return banter.get(`/v1/chat/history?${query({ sessionId, ...parameters })}`, KEY);
}

/** The messages of a session's history as [role, content, status]. */
export async function storedMessages(banter, sessionId) {
	const { json } = await history(banter, sessionId);
	return json.messages.map(({ role, content, status }) => [role, content, status]);
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
		await raw.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
		await raw.response();
		const [worker] = await banter.workersOf([raw.socket]);
		if (raws.has(worker)) raw.close();
		else raws.set(worker, raw);
	}
	return raws;
}

/** POST with a JSON body on an open connection; resolves to the response. */
export async function postOn(raw, path, body) {
	const json = JSON.stringify(body);
	await raw.write(
		`POST ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n` +
			`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
	);
	return raw.response();
}
