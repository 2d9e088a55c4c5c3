// The demo of the API without the widget: sends one message and shows its raw events and text; resumes or stops
// the reply; reads the history, and follows what else happens in the session.

import type { ChatRequest, Reply, StopRequest } from "../../workerd/api/openapi/openapi";
import { randomId } from "../src/app/chat/session";
import { readLines } from "../src/app/net/ndjson";
import { parseObject } from "../src/app/net/parse";
import { curlCommand, type Request } from "./curl";
import { routesFrom } from "./endpoints";
import { parseEvent } from "./events";
import { keepKey, takeKey } from "./key";
import { Log } from "./log";
import { byId, copies } from "./page";

const form = byId("request", HTMLFormElement);
const key = byId("key", HTMLInputElement);
const sessionId = byId("session", HTMLInputElement);
const clientMessageId = byId("message-id", HTMLInputElement);
const message = byId("message", HTMLTextAreaElement);
const endpoint = byId("endpoint", HTMLSelectElement);
const send = byId("send", HTMLButtonElement);
const leave = byId("leave", HTMLButtonElement);
const resume = byId("resume", HTMLButtonElement);
const stop = byId("stop", HTMLButtonElement);
const command = byId("command", HTMLElement);
const status = byId("status", HTMLElement);
const log = new Log(byId("events", HTMLOListElement));
const follow = byId("follow", HTMLButtonElement);
const answer = byId("answer", HTMLElement);

const routes = routesFrom(new URL("/chat", location.origin).href);

/** The reply, once its id is known. */
let messageId: string | null = null;
let listening: AbortController | null = null;
/** The stream of the session's events, if it is followed. */
let following: AbortController | null = null;

function readBody(): ChatRequest {
	const body = { sessionId: sessionId.value.trim(), message: message.value };
	const id = clientMessageId.value.trim();
	return id === "" ? body : { ...body, clientMessageId: id };
}

function readForm(): Request {
	return {
		url: new URL(endpoint.value, location.origin).href,
		key: key.value.trim(),
		body: readBody(),
	};
}

function post(url: string, body: ChatRequest | StopRequest, signal?: AbortSignal) {
	return fetch(url, {
		method: "POST",
		headers: { "Content-Type": "application/json", "x-api-key": key.value.trim() },
		body: JSON.stringify(body),
		...(signal ? { signal } : {}),
	});
}

function get(url: string, signal?: AbortSignal): Promise<Response> {
	const headers = { "x-api-key": key.value.trim() };
	return fetch(url, signal ? { headers, signal } : { headers });
}

/** Enables the buttons that apply now. */
function enable(): void {
	send.disabled = listening !== null;
	leave.disabled = listening === null;
	resume.disabled = listening !== null || messageId === null;
	stop.disabled = messageId === null;
}

/** One line of the stream. */
function assemble(line: string): void {
	const event = parseEvent(line);
	const text = answer.textContent ?? "";
	if (event?.type === "start") {
		messageId = event.messageId;
		answer.textContent = text.slice(0, event.position);
		enable();
	}
	if (event?.type === "token") answer.append(event.token);
	if (event?.type === "done") answer.textContent = event.message;
}

/** The response of the endpoint without streaming. */
function assembleJson(body: string): void {
	const reply: { readonly [K in keyof Reply]?: unknown } = { ...parseObject(body) };
	if (typeof reply.message === "string") answer.textContent = reply.message;
	if (typeof reply.messageId === "string") messageId = reply.messageId;
}

async function show(response: Response, since: number): Promise<void> {
	const streams = response.headers.get("Content-Type")?.startsWith("application/x-ndjson");
	status.textContent = `${response.status} ${response.statusText}`;
	status.dataset.ok = String(response.ok);
	if (!streams || !response.body) {
		const body = await response.text();
		log.add(body, "", since);
		assembleJson(body);
		return;
	}
	for await (const line of readLines(response.body)) {
		log.add(line, "", since);
		assemble(line);
	}
}

async function listen(request: (signal: AbortSignal) => Promise<Response>): Promise<void> {
	const abort = new AbortController();
	listening = abort;
	enable();
	status.textContent = "Waiting…";
	delete status.dataset.ok;
	const since = performance.now();
	try {
		await show(await request(abort.signal), since);
		status.append(`, ${Math.round(performance.now() - since)} ms`);
	} catch (error) {
		status.textContent = abort.signal.aborted ? "Stopped listening" : String(error);
		status.dataset.ok = "false";
	}
	listening = null;
	enable();
}

function sendMessage(): void {
	const request = readForm();
	keepKey(request.key);
	log.clear();
	answer.textContent = "";
	messageId = null;
	void listen((signal) => post(request.url, request.body, signal));
}

function resumeReply(): void {
	if (messageId === null || !routes) return;
	const after = answer.textContent?.length ?? 0;
	const url = routes.resume(messageId, sessionId.value.trim(), after);
	void listen((signal) => get(url, signal));
}

async function stopReply(): Promise<void> {
	if (messageId === null || !routes) return;
	const body = { sessionId: sessionId.value.trim() };
	await note(post(routes.stop(messageId), body));
}

/** Shows the whole response of a request that is no part of the reply. */
async function note(request: Promise<Response>): Promise<void> {
	const since = performance.now();
	try {
		log.add(await (await request).text(), "event", since);
	} catch (error) {
		log.add(String(error), "error", since);
	}
}

/** Shows the session's events until the button is pressed again. */
async function followSession(signal: AbortSignal): Promise<void> {
	const url = `/v1/chat/events?${new URLSearchParams({ sessionId: sessionId.value.trim() })}`;
	const since = performance.now();
	try {
		const { ok, body, status } = await get(url, signal);
		if (!ok || !body) throw new Error(`HTTP ${status}`);
		for await (const line of readLines(body)) log.add(`session ${line}`, "event", since);
	} catch (error) {
		if (!signal.aborted) log.add(String(error), "error", since);
	}
}

async function toggleFollowing(): Promise<void> {
	following?.abort();
	following = following ? null : new AbortController();
	follow.setAttribute("aria-pressed", String(following !== null));
	const mine = following;
	if (!mine) return;
	await followSession(mine.signal);
	// The server ended the stream.
	if (following === mine) await toggleFollowing();
}

function showCommand(): void {
	command.textContent = curlCommand(readForm());
}

form.addEventListener("input", showCommand);
form.addEventListener("submit", (event) => {
	event.preventDefault();
	sendMessage();
});
leave.addEventListener("click", () => listening?.abort());
resume.addEventListener("click", resumeReply);
stop.addEventListener("click", () => void stopReply());
follow.addEventListener("click", () => void toggleFollowing());
byId("history", HTMLButtonElement).addEventListener("click", () => {
	if (routes) void note(get(routes.history(sessionId.value.trim())));
});
copies(byId("copy", HTMLButtonElement), command);

key.value = takeKey() ?? "";
sessionId.value = `headless-${randomId().slice(0, 8)}`;
showCommand();
