// A visitor of a widget with a WebSocket, which is opened at another front end when it ends.

import { WebSocket } from "ws";
import { Lie } from "./conversation.mjs";
import { PATIENCE_MS } from "./http-visitor.mjs";

export class SocketVisitor {
	#ws;
	#frames = [];
	#wake = () => {};
	#isOpen = false;

	constructor(conversation, widgetId) {
		Object.assign(this, { conversation, widgetId, token: undefined });
	}

	leave() {
		this.#isOpen = false;
		this.#ws?.terminate();
	}

	/** The next frame; rejects at the end, or after a long silence. */
	async #next() {
		while (this.#frames.length === 0) {
			if (!this.#isOpen) throw new Error("the WebSocket has ended");
			let late;
			const silence = new Promise((_, reject) => {
				late = setTimeout(() => reject(new Error("silence")), PATIENCE_MS);
			});
			const news = new Promise((done) => {
				this.#wake = done;
			});
			await Promise.race([news, silence]).finally(() => clearTimeout(late));
		}
		return this.#frames.shift();
	}

	/** Opens a WebSocket, and compares the history that it begins with. */
	async #open(front) {
		this.leave();
		const url = new URL(`/api/widget/${this.widgetId}/ws`, front.url.replace("http", "ws"));
		if (this.token) url.searchParams.set("token", this.token);
		this.#frames = [];
		this.#isOpen = true;
		const ws = new WebSocket(url, { handshakeTimeout: PATIENCE_MS });
		this.#ws = ws;
		const end = () => {
			if (ws === this.#ws) this.#isOpen = false;
			this.#wake();
		};
		ws.on("message", (data) => {
			if (ws === this.#ws) this.#frames.push(JSON.parse(data));
			this.#wake();
		});
		ws.on("close", end).on("error", end);
		const session = await this.#next();
		if (this.exists && session.session_token !== this.token)
			throw new Lie(`${this.conversation.name}: ${front.name} does not know the session`);
		const known = this.token === session.session_token;
		this.token = session.session_token;
		if (!known) return;
		const { messages } = await this.#next();
		this.conversation.compare(
			messages.map(({ role, content }) => [role, content]),
			front.name,
		);
	}

	/** As of HttpVisitor; a front end that is already connected is used again. */
	async say(front) {
		try {
			if (!this.#isOpen || this.front !== front) await this.#open(front);
			this.front = front;
			const { pending } = this.conversation;
			const isRepeated = pending.isSent;
			pending.isSent = true;
			this.#ws.send(JSON.stringify({ type: "message", id: pending.id, content: pending.text }));
			const result = await this.#hear();
			// This WebSocket may get the reply twice: it has joined the running one, and was sent it for the message.
			if (isRepeated) this.leave();
			return result;
		} catch (error) {
			this.leave();
			throw error;
		}
	}

	async #hear() {
		for (;;) {
			const { type, role, content, code } = await this.#next();
			if (type === "typing_start") this.#isStored();
			if (type === "error") return code === "daily_cap" ? "capped" : `error ${code}`;
			if (type !== "message" || role !== "assistant") continue;
			this.conversation.isAnswered(content);
			return "done";
		}
	}

	/** The token of a visitor who has not yet said anything may be forgotten. */
	#isStored() {
		this.exists = true;
		this.conversation.isStored();
	}

	async look(front) {
		if (!this.exists) return "done";
		try {
			await this.#open(front);
			this.front = front;
		} catch (error) {
			this.leave();
			throw error;
		}
		return "done";
	}
}
