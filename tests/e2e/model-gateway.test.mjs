// A real gateway, Portkey's, between banter and models that speak Anthropic's, Google's and Azure's formats: what a visitor
// gets, what the model is asked, and that a message costs one call.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { baseEnvironment, Daemon, freePort, Log, ROOT, until, useBanter } from "./harness.mjs";
import { MAKERS } from "./model-makers.mjs";
import { AGENT, adminExpect } from "./organizations.mjs";
import { assertStored } from "./replies.mjs";
import { useDirectory } from "./tool.mjs";

const GATEWAY = join(ROOT, "tests/node_modules/@portkey-ai/gateway/build/start-server.js");
const WAITS = "Jane will come.";
const APOLOGY = /^Sorry, I could not find an answer/;
const REFUSED = /^Sorry, I cannot answer that/;

/** A model: its answers, of which the last is repeated, and the requests that it gets. */
class Maker {
	requests = [];

	async start() {
		this.server = createServer((req, res) => {
			let text = "";
			req.on("data", (piece) => {
				text += piece;
			});
			req.on("end", () => {
				this.requests.push({ path: req.url, headers: req.headers, body: JSON.parse(text) });
				const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
				const [status, headers, body] = answer;
				res.writeHead(status, headers).end(body);
			});
		});
		await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
		this.url = `http://127.0.0.1:${this.server.address().port}`;
	}

	stop() {
		this.server.closeAllConnections();
		this.server.close();
	}

	says(...answers) {
		this.answers = answers;
		this.requests = [];
	}
}

for (const [provider, format] of Object.entries(MAKERS))
	describe(`a gateway before a model of ${provider}`, () => {
		const path = useDirectory();
		const file = path("model-servers.json");
		const maker = new Maker();
		const gateway = {};
		let conversations = 0;
		const newSession = () => `s${++conversations}`;

		before(async () => {
			await maker.start();
			const port = await freePort();
			gateway.url = `http://127.0.0.1:${port}/v1`;
			const loopback = join(ROOT, "tests/e2e/listen-on-loopback.mjs");
			gateway.daemon = new Daemon(
				process.execPath,
				["--import", loopback, GATEWAY, `--port=${port}`, "--headless"],
				baseEnvironment(),
				new Log(),
			);
			gateway.daemon.start();
			const headers = {
				"x-portkey-provider": provider,
				"x-portkey-custom-host": maker.url,
				"x-portkey-azure-resource-name": "shop",
				"x-portkey-azure-deployment-id": "chat",
				"x-portkey-azure-api-version": "2024-10-21",
			};
			const server = { name: "gateway", url: gateway.url, api: "chat", key: "the-key", headers };
			writeFileSync(file, JSON.stringify([server]), { mode: 0o600 });
			await until("the gateway answers", async () => {
				const answered = await fetch(gateway.url).catch(() => undefined);
				return answered !== undefined;
			});
		});
		after(async () => {
			await gateway.daemon.stop();
			maker.stop();
		});
		const banter = useBanter({
			workers: 1,
			env: { MODEL_SERVERS_FILE: file, OPENAI_BREAKER_FAILURES: "0" },
		});
		before(() =>
			adminExpect(banter, 200, "PUT", `agents/${AGENT}`, {
				...{ key_name: "gateway", purpose: "Sell tea.", temperature: 0.5 },
				...{ escalation_instructions: "Refunds.", waiting_text: WAITS },
			}),
		);

		/** Sends a message; the reply is a stream's last event. */
		const send = async (session, message) =>
			(await (await banter.stream(session, message)).rest()).at(-1);

		it("gets a conversation: the agent's purpose, each message in its place, one call a message", async () => {
			const session = newSession();
			for (const n of [1, 2, 3]) {
				maker.says(format.said("It costs ", `${n} euros.`));
				const done = await send(session, `Tea ${n}?`);
				assert.equal(done.message, `It costs ${n} euros.`, JSON.stringify(done));
				assert.equal(done.status, undefined);
				assert.equal(maker.requests.length, 1);
			}
			const [{ body }] = maker.requests;
			assert.ok(format.isAsked(body), JSON.stringify(body));
			assert.deepEqual(format.messagesOf(body), ["user", "assistant", "user", "assistant", "user"]);
			await until("the tokens are counted", async () => {
				const [prompt, completion] = await Promise.all(
					["prompt", "completion"].map((kind) => banter.metric(`tokens_total{kind="${kind}"}`)),
				);
				return prompt === 75 && completion === 36;
			});
		});

		it("gets a reply that the limit cut, with its status", async () => {
			const session = newSession();
			maker.says(format.cut("It costs ", "2"));
			const done = await send(session, "Tea?");
			assert.deepEqual([done.message, done.status], ["It costs 2", "length"]);
			await assertStored(banter, session, ["Tea?", "It costs 2", "length"]);
		});

		it("gets no thoughts", async () => {
			maker.says(format.thought("The visitor is rude.", "We open", " at 9."));
			const session = newSession();
			const all = await (await banter.stream(session, "When?")).rest();
			assert.equal(textOf(all), "We open at 9.");
			assert.equal(all.at(-1).message, "We open at 9.");
		});

		it("gets a call of a tool, and the conversation waits for a person", async () => {
			maker.says(format.said("unused"));
			await send(newSession(), "Which tools are there?");
			const [{ body }] = maker.requests;
			const name = /"name":"([a-z_]+)"/.exec(JSON.stringify(body.tools))[1];
			maker.says(format.called(name, "One moment."));
			const done = await send(newSession(), "A refund!");
			assert.equal(done.message, `One moment.\n\n${WAITS}`);
			const { conversation } = await banter.thread(done.conversationId);
			assert.equal(conversation.state, "waiting");
			assert.equal(maker.requests.length, 1);
		});

		for (const [what, answer, status, code] of [
			["limits requests", format.busy, 503, "model_busy"],
			["is overloaded", format.overloaded, 503, "model_busy"],
			["is overloaded in a stream", format.overloadedInStream, 503, "model_busy"],
			["has no credit", format.unpaid, 502, "model_failed"],
		])
			if (answer)
				it(`gets an error if the model ${what}`, async () => {
					maker.says(answer);
					const reply = await banter.chat(newSession(), "Tea?");
					assertError(reply, status, undefined, code);
					// Of Google's errors, the gateway passes on the message alone.
					if (answer === format.busy && provider !== "google")
						assert.equal(reply.headers["retry-after"], "7");
				});

		it("gets a shorter history if the conversation is too long for the model", async () => {
			const session = newSession();
			maker.says(format.said("yes"));
			for (const n of [1, 2, 3]) await send(session, `Tea ${n}?`);
			maker.says(format.tooLong, format.said("yes"));
			assert.equal((await send(session, "Coffee?")).message, "yes");
			const counts = maker.requests.map(({ body }) => format.messagesOf(body).length);
			assert.deepEqual(counts, [7, 3]);
		});

		it("gets a sentence if the model refuses the message", async () => {
			maker.says(format.filtered ?? format.empty);
			const done = await send(newSession(), "Tea?");
			assert.match(done.message, format.filtered ? REFUSED : APOLOGY);
			assert.equal(done.status, format.filtered && "filtered");
			assert.equal(maker.requests.length, 1);
		});

		if (format.brokenOff)
			it("keeps what was written before the model failed", async () => {
				const session = newSession();
				maker.says(format.brokenOff("We open"));
				const last = await send(session, "When?");
				assert.deepEqual([last.type, last.code], ["error", "model_busy"], JSON.stringify(last));
				await assertStored(banter, session, ["When?", "We open", "interrupted"]);
			});
	});
