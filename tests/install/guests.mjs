// Visitors of a widget with WebSockets during an operation on the service: half of them receive a
// long reply, the others keep sending. They reconnect like the widget. In the end each has received
// every reply, and every message is stored once.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { request } from "../e2e/client.mjs";
import { said, Visitor } from "../e2e/visitors.mjs";
import { asking, REPLY, release } from "./crowd.mjs";
import { COMMAND_MS, until } from "./machine.mjs";

const BETWEEN_MS = 500;
const HISTORY = 200; // messages that a visitor gets who comes back
const GOING_AWAY = [1001, "restarting"];

class Guest {
	/** [role, content] of all messages. */
	said = [];
	/** How often it was disconnected. */
	moved = 0;

	static async arrive(service, widget) {
		const guest = new Guest();
		guest.visitor = await Visitor.open(service, widget, { stream: true });
		return guest;
	}

	/** The next frame; a history after a reconnect. */
	async #next() {
		const { visitor } = this;
		// A held reply continues only after the operation.
		const isNews = () => visitor.frames.length > 0 || visitor.closed || visitor.error;
		await until("a frame", isNews, COMMAND_MS);
		if (visitor.frames.length > 0) return visitor.frames.shift();
		assert.deepEqual(visitor.closed, GOING_AWAY, visitor.error?.message);
		this.moved++;
		this.visitor = await visitor.again({ stream: true });
		return { type: "history", messages: this.visitor.history };
	}

	/** Sends a message and reads the reply to its end. */
	async ask(text, reply) {
		const id = `id-${this.said.length}`;
		this.said.push(["user", text], ["assistant", reply]);
		this.visitor.say(text, id);
		for (;;) {
			const { type, role, content, messages } = await this.#next();
			assert.notEqual(type, "error");
			if (type === "message" && role === "assistant" && content === reply) return;
			if (type !== "history") continue;
			const at = messages.findIndex((one) => one.role === "user" && one.content === text);
			if (at === -1) this.visitor.say(text, id);
			else if (messages[at + 1]?.content === reply) return;
		}
	}

	/** Asserts that every message is stored once and in order. */
	async leave() {
		const { history } = await this.visitor.again();
		assert.deepEqual(said(history), this.said.slice(-HISTORY));
		await this.visitor.close();
	}
}

export class Guests {
	#going = true;

	/** Starts n visitors and waits until each has received something. model: the stub's URL. */
	static async gather(service, widget, model, n) {
		const guests = new Guests();
		guests.model = model;
		guests.name = `guests of ${Date.now()}`;
		guests.all = await Promise.all(Array.from({ length: n }, () => Guest.arrive(service, widget)));
		await Promise.all(guests.all.map((guest) => guest.ask("[[echo]] hello", "hello")));
		guests.talks = Promise.all(guests.all.map((guest, i) => guests.#talk(guest, i)));
		guests.talks.catch(() => {}); // told by part()
		return guests;
	}

	async #talk(guest, i) {
		if (i % 2 === 0) return guest.ask(asking(this.name), REPLY);
		for (let line = 0; this.#going; line++) {
			await guest.ask(`[[echo]] line ${line}`, `line ${line}`);
			await pause(BETWEEN_MS);
		}
	}

	/**
	 * Asserts that all were disconnected once and reconnected, without lost messages or repeated
	 * model requests.
	 */
	async part() {
		await Promise.race([this.talks, until("all moved", () => this.all.every((one) => one.moved))]);
		this.#going = false;
		await release(this.model, this.name);
		await this.talks;
		await Promise.all(this.all.map((guest) => guest.leave()));
		for (const { moved } of this.all) assert.equal(moved, 1);
		const path = `/stub/calls?contains=${encodeURIComponent(this.name)}`;
		const { count } = (await request(this.model, "GET", path)).json;
		assert.equal(count, Math.ceil(this.all.length / 2));
	}
}
