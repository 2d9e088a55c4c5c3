// Actors of the storm: visitors write while operators take over, write and hand back. Each message that was acknowledged
// is stored once, in order, and the model is never asked about a message that was handed to a person.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { WIDGET_KEY } from "./harness.mjs";
import { wholeHistory } from "./replies.mjs";
import { pause, persist } from "./storm.mjs";

/** One session: its visitor, and the operators who deal with it. */
export class Operated {
	said = []; // { message, handover, text, id } of the visitor
	written = []; // texts of operators

	constructor(banter, session) {
		this.banter = banter;
		this.session = session;
		this.random = new Random(session);
	}

	async say() {
		const message = `[[tokens=${1 + this.random.below(30)} delay=${this.random.below(15)}]] ${this.session}.${this.said.length};`;
		const headers = { "x-api-key": WIDGET_KEY, "idempotency-key": `v-${this.said.length}` };
		const body = { sessionId: this.session, message, operators: true };
		const answer = (await persist(this.banter, [200], "POST", "/v1/chat", { headers, body })).json;
		this.conversation = answer.conversationId;
		this.said.push({
			...{ message, handover: answer.handover, text: answer.message, id: answer.messageId },
		});
	}

	act(status, what, body) {
		const path = `/v1/admin/conversations/${this.conversation}/${what}`;
		return persist(this.banter, [status], "POST", path, { headers: ADMIN, body });
	}

	async serve() {
		await this.act(200, "takeover", { name: "Jane" });
		for (let n = this.random.below(4); n > 0; n--) {
			const content = `answer ${this.written.length}`;
			const clientMessageId = `o-${this.written.length}`;
			await this.act(201, "messages", { content, clientMessageId });
			this.written.push(content);
			await pause(this.random.below(100));
		}
		await this.act(200, "handback", {});
	}

	/** Talks until the kills are over. */
	async run(isOver) {
		await this.say();
		const visit = async () => {
			while (!isOver()) await this.say();
		};
		const operate = async () => {
			while (!isOver()) {
				await pause(this.random.below(300));
				await this.serve();
			}
		};
		await Promise.all([visit(), operate()]);
	}

	async check() {
		const rows = await wholeHistory(this.banter, this.session, { limit: 200, operators: 1 });
		const questions = rows.filter(({ role }) => role === "user").map(({ content }) => content);
		assert.deepEqual(
			questions,
			this.said.map(({ message }) => message),
		);
		const operators = rows.filter(({ role }) => role !== "user" && role !== "assistant");
		assert.deepEqual(
			operators.map(({ content }) => content),
			this.written,
		);
		for (const { message, handover, text, id } of this.said) {
			const at = rows.findIndex((row) => row.content === message);
			const reply = rows[at + 1]?.role === "assistant" ? rows[at + 1] : undefined;
			if (handover) {
				assert.equal(reply, undefined, message);
				const called = encodeURIComponent(message.slice(message.indexOf("]]") + 3));
				assert.equal((await this.banter.model(`calls?contains=${called}`)).count, 0, message);
			} else {
				// A reply without text is stopped before its first token, and not in the history's text.
				assert.deepEqual([reply?.id ?? id, reply?.content ?? ""], [id, text], message);
			}
		}
	}
}
