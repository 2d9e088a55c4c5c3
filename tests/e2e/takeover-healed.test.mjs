// Workers and the store are killed at any moment while visitors write and operators take over, write and hand back.
// In the end each message that was acknowledged is stored once, in order, and the model was never asked about a
// message that was handed to a person.
//
// FAULTS_SEED repeats a run's choices.

import assert from "node:assert/strict";
import { it } from "node:test";
import { below } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { times, WIDGET_KEY, withBanter } from "./harness.mjs";
import { wholeHistory } from "./replies.mjs";
import { GENERATION, KILLS, killDuring, pause, persist } from "./storm.mjs";
import { expectTool } from "./tool.mjs";

const WORKERS = 4;
const CONVERSATIONS = 5;

/** One session: its visitor, and the operators who deal with it. */
class Talk {
	said = []; // { message, handover, text, id } of the visitor
	written = []; // texts of operators

	constructor(banter, session) {
		this.banter = banter;
		this.session = session;
	}

	async say() {
		const message = `[[tokens=${1 + below(30)} delay=${below(15)}]] ${this.session}.${this.said.length};`;
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
		for (let n = below(4); n > 0; n--) {
			const content = `answer ${this.written.length}`;
			const clientMessageId = `o-${this.written.length}`;
			await this.act(201, "messages", { content, clientMessageId });
			this.written.push(content);
			await pause(below(100));
		}
		await this.act(200, "handback", {});
	}

	/** Talks until the kills are over. */
	async run(isOver) {
		await this.say();
		const visits = (async () => {
			while (!isOver()) await this.say();
		})();
		while (!isOver()) {
			await pause(below(300));
			await this.serve();
		}
		await visits;
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

/** One service, with its kills; adds what its visitors and operators said. */
function withService(all) {
	return withBanter({ workers: WORKERS }, async (banter) => {
		let over = false;
		const talks = Array.from({ length: CONVERSATIONS }, (_, i) => new Talk(banter, `talk-${i}`));
		all.push(...talks);
		const kills = killDuring(banter).finally(() => {
			over = true;
		});
		await Promise.all([kills, ...talks.map((talk) => talk.run(() => over))]);
		await banter.ready();
		await times(CONVERSATIONS, (i) => talks[i].check());
		await expectTool(banter, 0, "verify");
	});
}

it(`workers and the store are killed ${KILLS} times during takeovers: nothing is lost, doubled or answered twice`, async (t) => {
	const talks = [];
	for (let round = 0; round < KILLS; round += GENERATION) await withService(talks);
	const said = talks.flatMap((talk) => talk.said);
	assert.ok(said.some(({ handover }) => handover) && said.some(({ handover }) => !handover));
	const written = talks.reduce((sum, talk) => sum + talk.written.length, 0);
	t.diagnostic(`${said.length} messages, ${written} of operators`);
});
