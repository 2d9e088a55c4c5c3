// Workers and the store are killed at any moment while visitors write and operators take over, write and hand back.
// In the end each message that was acknowledged is stored once, in order, and the model was never asked about a
// message that was handed to a person.
//
// FAULTS_SEED repeats a run's choices.

import assert from "node:assert/strict";
import { it } from "node:test";
import { below, between, chance, pick } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { LONG, TIME_FACTOR, times, until, WIDGET_KEY, withBanter } from "./harness.mjs";
import { wholeHistory } from "./replies.mjs";
import { expectTool } from "./tool.mjs";

const ROUNDS = LONG ? 200 : TIME_FACTOR > 1 ? 8 : 20;
/** Kills of one service: masterd waits longer for a worker that dies again and again. */
const GENERATION = Math.min(ROUNDS, 20);
const WORKERS = 4;
const CONVERSATIONS = 5;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Sends a request until it is answered with this status; others that a kill can cause are sent again. */
async function persist(banter, status, path, headers, body) {
	for (;;) {
		try {
			const answer = await banter.request("POST", path, { headers, body });
			if (answer.status === status) return answer.json;
			assert.ok(answer.status >= 500 || answer.status === 429, `${path}: ${answer.text}`);
		} catch (error) {
			if (error instanceof assert.AssertionError) throw error;
		}
		await pause(20 + below(100));
	}
}

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
		const answer = await persist(this.banter, 200, "/v1/chat", headers, body);
		this.conversation = answer.conversationId;
		this.said.push({
			...{ message, handover: answer.handover, text: answer.message, id: answer.messageId },
		});
	}

	act(status, what, body) {
		const path = `/v1/admin/conversations/${this.conversation}/${what}`;
		return persist(this.banter, status, path, ADMIN, body);
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

async function killDuring(banter) {
	for (let round = 0; round < GENERATION; round++) {
		await pause(between(50, 700) * Math.min(TIME_FACTOR, 2));
		const pids = await until("a worker", () => banter.workerPids().length && banter.workerPids());
		const victim = pick(pids);
		if (chance(0.6)) {
			banter.killed.add(String(victim));
			process.kill(victim, "SIGKILL");
		}
		if (chance(0.6) && banter.storaged.running) banter.storaged.kill("SIGKILL");
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

it(`workers and the store are killed ${ROUNDS} times during takeovers: nothing is lost, doubled or answered twice`, async (t) => {
	const talks = [];
	for (let round = 0; round < ROUNDS; round += GENERATION) await withService(talks);
	const said = talks.flatMap((talk) => talk.said);
	assert.ok(said.some(({ handover }) => handover) && said.some(({ handover }) => !handover));
	const written = talks.reduce((sum, talk) => sum + talk.written.length, 0);
	t.diagnostic(`${said.length} messages, ${written} of operators`);
});
