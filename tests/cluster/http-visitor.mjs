// A visitor who streams replies over HTTP, each time from any front end.

import { request as httpRequest } from "node:http";
import { Stream } from "../e2e/client.mjs";
import { Lie } from "./conversation.mjs";

export const WIDGET_KEY = "widget-key-of-the-cluster-tests";
/** A front end from which nothing comes for this long is given up: its machine may be gone. */
export const PATIENCE_MS = 10_000;

/** Sends a request; resolves to the response once its head has arrived. */
export function open(base, method, path, { headers = {}, body, ms = PATIENCE_MS } = {}) {
	const payload = body === undefined ? undefined : JSON.stringify(body);
	const type = payload && { "content-type": "application/json" };
	return new Promise((resolve, reject) => {
		const sent = httpRequest(new URL(path, base), {
			method,
			headers: { ...type, ...headers },
			agent: false,
		});
		const giveUp = () => sent.destroy(new Error("silence"));
		// Of silence, also later, while the response is read; it begins with the connection.
		sent.setTimeout(ms, giveUp);
		const late = setTimeout(giveUp, ms);
		sent.once("socket", (socket) => socket.once("connect", () => clearTimeout(late)));
		sent.once("close", () => clearTimeout(late));
		sent.once("response", resolve).on("error", reject).end(payload);
	});
}

/** Resolves to { status, json }. */
export async function ask(base, method, path, options) {
	const response = await open(base, method, path, options);
	let text = "";
	for await (const piece of response.setEncoding("utf8")) text += piece;
	return { status: response.statusCode, json: text ? JSON.parse(text) : undefined };
}

/** A reason to try again. The visitors do nothing wrong, so no status says so. */
function refusal(status) {
	if (status >= 400 && status < 500) throw new Lie(`a valid request was answered with ${status}`);
	return `status ${status}`;
}

export class HttpVisitor {
	constructor(conversation) {
		this.conversation = conversation;
		this.session = conversation.name;
	}

	/** Sends the pending message to a front end; resolves to "done", or to why it has to be sent again. */
	async say(front) {
		const { id, text } = this.conversation.pending;
		const headers = { "x-api-key": WIDGET_KEY, "idempotency-key": id };
		const body = { sessionId: this.session, message: text };
		const response = await open(front.url, "POST", "/v1/chat/stream", { headers, body });
		if (response.statusCode !== 200) {
			response.destroy();
			return refusal(response.statusCode);
		}
		const stream = new Stream(response);
		stream.read();
		try {
			for (let event = await stream.next(); event; event = await stream.next()) {
				if (event.type === "start") this.conversation.isStored();
				if (event.type === "error") return `error ${event.code}`;
				if (event.type !== "done") continue;
				this.conversation.isAnswered(event.message);
				return "done";
			}
			return "the stream ended";
		} finally {
			stream.leave();
		}
	}

	/** Reads the history at a front end and compares it; resolves to "done", or to why it could not be read. */
	async look(front) {
		const query = new URLSearchParams({ sessionId: this.session, limit: "200" });
		const headers = { "x-api-key": WIDGET_KEY };
		const { status, json } = await ask(front.url, "GET", `/v1/chat/history?${query}`, { headers });
		if (status !== 200) return refusal(status);
		this.conversation.compare(
			json.messages.map(({ role, content }) => [role, content]),
			front.name,
		);
		return "done";
	}

	leave() {}
}
