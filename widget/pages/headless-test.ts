// The API without the widget: one request, its raw events, and the text they make.

import type { ChatRequest } from "../../workerd/api/openapi";
import { el } from "../src/dom";
import { parseEvent } from "../src/events";
import { readLines } from "../src/ndjson";
import { randomId } from "../src/session";
import { curlCommand, type Request } from "./curl";
import { keepKey, takeKey } from "./key";
import { byId, copies } from "./page";

const form = byId("request", HTMLFormElement);
const key = byId("key", HTMLInputElement);
const sessionId = byId("session", HTMLInputElement);
const message = byId("message", HTMLTextAreaElement);
const endpoint = byId("endpoint", HTMLSelectElement);
const send = byId("send", HTMLButtonElement);
const stop = byId("stop", HTMLButtonElement);
const command = byId("command", HTMLElement);
const status = byId("status", HTMLElement);
const events = byId("events", HTMLOListElement);
const answer = byId("answer", HTMLElement);

function readForm(): Request {
	return {
		url: new URL(endpoint.value, location.origin).href,
		key: key.value.trim(),
		sessionId: sessionId.value.trim(),
		message: message.value,
	};
}

function post(request: Request, signal: AbortSignal): Promise<Response> {
	const { sessionId, message } = request;
	return fetch(request.url, {
		method: "POST",
		headers: { "Content-Type": "application/json", "x-api-key": request.key },
		body: JSON.stringify({ sessionId, message } satisfies ChatRequest),
		signal,
	});
}

function showEvent(line: string, since: number): void {
	const ms = Math.round(performance.now() - since);
	events.append(el("li", {}, el("time", {}, `${ms} ms`), el("code", {}, line)));
	events.scrollTop = events.scrollHeight;
}

/** One line of the stream, or the whole answer of the endpoint that does not stream. */
function assemble(line: string): void {
	const event = parseEvent(line);
	if (event?.type === "token") answer.append(event.token);
	if (event?.type === "done") answer.textContent = event.message;
}

function assembleJson(body: string): void {
	const value: unknown = JSON.parse(body);
	const text: unknown = typeof value === "object" && value && Reflect.get(value, "message");
	if (typeof text === "string") answer.textContent = text;
}

async function show(response: Response, since: number): Promise<void> {
	const streams = response.headers.get("Content-Type")?.startsWith("application/x-ndjson");
	status.textContent = `${response.status} ${response.statusText}`;
	status.dataset.ok = String(response.ok);
	if (!streams || !response.body) {
		const body = await response.text();
		showEvent(body, since);
		assembleJson(body);
		return;
	}
	for await (const line of readLines(response.body)) {
		showEvent(line, since);
		assemble(line);
	}
}

async function run(): Promise<void> {
	const request = readForm();
	const abort = new AbortController();
	stop.onclick = () => abort.abort();
	keepKey(request.key);
	events.replaceChildren();
	answer.textContent = "";
	status.textContent = "Waiting…";
	delete status.dataset.ok;
	const since = performance.now();
	try {
		await show(await post(request, abort.signal), since);
		status.append(`, ${Math.round(performance.now() - since)} ms`);
	} catch (error) {
		status.textContent = abort.signal.aborted ? "Stopped listening" : String(error);
		status.dataset.ok = "false";
	}
}

function showCommand(): void {
	command.textContent = curlCommand(readForm());
}

form.addEventListener("input", showCommand);
form.addEventListener("submit", async (event) => {
	event.preventDefault();
	send.disabled = true;
	stop.disabled = false;
	await run();
	send.disabled = false;
	stop.disabled = true;
});
copies(byId("copy", HTMLButtonElement), command);

key.value = takeKey() ?? "";
sessionId.value = `headless-${randomId().slice(0, 8)}`;
showCommand();
