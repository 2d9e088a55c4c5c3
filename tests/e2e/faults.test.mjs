// Processes die, visitors leave, the service stops: acknowledged data is kept exactly once.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { assertError, RawConnection, textOf } from "./client.mjs";
import { ADMIN_KEY, DEADLINE_MS, until, WIDGET_KEY, withBanter } from "./harness.mjs";
import { expectTool } from "./tool.mjs";

const numbered = (n) => Array.from({ length: n }, (_, i) => `t${i} `).join("");
const pids = (banter) => banter.workerPids().sort();

/** Waits until all workers are new ones. */
async function newWorkers(banter, old) {
	await until("new workers", () => {
		const now = pids(banter);
		return now.length === banter.workers && !now.some((pid) => old.includes(pid));
	});
	await banter.ready();
}

/** How a stream ended: its events, and whether the connection broke. */
async function readToEnd(stream) {
	const events = [];
	try {
		for (let event = await stream.next(); event; event = await stream.next()) events.push(event);
		return { events, broke: false };
	} catch {
		return { events, broke: true };
	}
}

describe("the store dies", () => {
	it("while streaming: the visitor notices nothing, and the thread is complete", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const stream = await banter.stream("unmoved", "[[tokens=40 delay=50]]");
			const { conversationId } = await stream.next();
			await stream.tokens(5);
			await banter.storaged.kill("SIGKILL");
			const events = await stream.rest();
			assert.equal(textOf(events), numbered(40).slice(numbered(5).length));
			assert.equal(events.at(-1).type, "done");
			assert.deepEqual(await banter.messages(conversationId), [
				["user", "[[tokens=40 delay=50]]", "complete"],
				["assistant", numbered(40).trim(), "complete"],
			]);
		});
	});

	it("repeatedly under load: every acknowledged message is there once and in order", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const acknowledged = new Map();
			let going = true;
			async function visitor(n) {
				const session = `visitor-${n}`;
				acknowledged.set(session, []);
				for (let i = 0; going; i++) {
					const question = `[[text="answer ${n}.${i}"]] question ${n}.${i}`;
					const answer = await banter.chat(session, question);
					if (answer.status === 200) acknowledged.get(session).push(question, answer.json.message);
					else assertError(answer, 503);
				}
			}
			const visitors = Array.from({ length: 8 }, (_, n) => visitor(n));
			for (let i = 0; i < 3; i++) {
				const said = [...acknowledged.values()].flat().length;
				await until(
					"some more replies",
					() => [...acknowledged.values()].flat().length > said + 40,
				);
				await banter.storaged.kill("SIGKILL");
			}
			going = false;
			await Promise.all(visitors);
			await banter.ready();
			for (const [session, expected] of acknowledged) {
				const { messages } = await banter.threadOf(session);
				const stored = messages.map((message) => message.content);
				const kept = stored.filter((content) => expected.includes(content));
				assert.deepEqual(kept, expected, session);
			}
		});
	});

	it("and stays down: 503 in JSON; after its return: 200, and everything stored is there", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const { conversationId } = (await banter.chat("before", "[[tokens=2]]")).json;
			await banter.stopStore();
			const [chat, stream, list] = await Promise.all([
				banter.chat("during", "[[tokens=1]] during"),
				banter.stream("during", "[[tokens=1]] during"),
				banter.get("/v1/admin/conversations", { "x-admin-api-key": ADMIN_KEY }),
			]);
			for (const answer of [chat, stream, list]) assertError(answer, 503);
			assert.equal(
				await banter.modelCalls("during"),
				0,
				"the model is not asked before the message is stored",
			);
			banter.startStore();
			await banter.ready();
			assert.equal((await banter.messages(conversationId)).length, 2);
			assert.equal(
				(await banter.chat("before", "[[tokens=2]]")).json.conversationId,
				conversationId,
			);
		});
	});

	it("for a moment only: requests wait for it and are served", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			await banter.stopStore();
			const answers = Array.from({ length: 10 }, (_, i) =>
				banter.chat(`patient-${i}`, "[[tokens=2]]"),
			);
			banter.startStore();
			for (const answer of await Promise.all(answers))
				assert.equal(answer.json?.message, "t0 t1", answer.text);
			for (let i = 0; i < 10; i++)
				assert.equal((await banter.threadOf(`patient-${i}`)).messages.length, 2);
		});
	});
});

describe("a worker dies", () => {
	it("its visitors' connections break, others do not; it is replaced; the partial reply is kept", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const streams = await Promise.all(
				Array.from({ length: 12 }, (_, i) =>
					banter.stream(`s-${i}`, `[[tokens=60 delay=10 hold-after=40]] held ${i}`),
				),
			);
			const starts = await Promise.all(streams.map((stream) => stream.next()));
			await Promise.all(streams.map((stream) => stream.tokens(5)));
			const owners = await banter.workersOf(streams.map((stream) => stream.socket));
			const victim = owners[0];
			assert.ok(
				owners.some((pid) => pid !== victim),
				"both workers serve",
			);
			await until("some text of each is kept", async () => {
				const { stdout } = await expectTool(banter, 0, "export");
				return stdout.match(/"text":"t0 t1 /g)?.length === streams.length;
			});
			await banter.killWorkers([victim]);
			await banter.release("held");
			const ends = await Promise.all(streams.map(readToEnd));
			for (const [i, end] of ends.entries()) {
				const { conversationId } = starts[i];
				if (owners[i] === victim) {
					assert.ok(end.broke, `stream ${i} broke`);
					const messages = await until("the reply is closed", async () => {
						const now = await banter.messages(conversationId);
						return now.length === 2 && now;
					});
					const [role, content, status] = messages[1];
					assert.deepEqual([role, status], ["assistant", "interrupted"]);
					assert.ok(content.length > 0, "the text of the last checkpoint is kept");
					assert.ok(numbered(60).startsWith(content), content);
				} else {
					assert.ok(!end.broke, `stream ${i} went on`);
					assert.equal(end.events.at(-1).message, numbered(60).trim());
				}
			}
			await newWorkers(banter, [victim]);
			for (let i = 0; i < 10; i++)
				assert.equal((await banter.chat("s-0", "[[tokens=1]]")).status, 200);
		});
	});

	it("with all others and the store: recovers by itself, every acknowledged message is there", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			for (const i of [1, 2, 3]) await banter.chat("all", `[[text="reply ${i}"]] message ${i}`);
			const stream = await banter.stream("all", "[[tokens=50 hold-after=5]] in the middle");
			const { conversationId } = await stream.next();
			await stream.tokens(5);
			const old = pids(banter);
			await Promise.all([banter.storaged.kill("SIGKILL"), banter.killWorkers(old)]);
			assert.ok((await readToEnd(stream)).broke);
			await newWorkers(banter, old);
			const next = await banter.chat("all", '[[text="reply 5"]] message 5');
			assert.equal(next.status, 200);
			assert.equal(next.json.conversationId, conversationId);
			// The store waits some seconds for the turn's worker before it interrupts the turn.
			const messages = await until("the reply is closed", async () => {
				const now = await banter.messages(conversationId);
				return now.length === 10 && now;
			});
			assert.deepEqual(
				messages.map(([role, content, status]) =>
					status === "interrupted" ? [role, status] : [role, content],
				),
				[
					...[1, 2, 3].flatMap((i) => [
						["user", `[[text="reply ${i}"]] message ${i}`],
						["assistant", `reply ${i}`],
					]),
					["user", "[[tokens=50 hold-after=5]] in the middle"],
					["assistant", "interrupted"],
					["user", '[[text="reply 5"]] message 5'],
					["assistant", "reply 5"],
				],
			);
		});
	});

	it("repeatedly: masterd replaces it each time", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			for (let i = 0; i < 4; i++) {
				const old = pids(banter);
				await banter.killWorkers(old);
				await newWorkers(banter, old);
				assert.equal((await banter.chat("over", "[[tokens=1]]")).status, 200);
			}
			assert.equal((await banter.threadOf("over")).messages.length, 8);
		});
	});
});

describe("the visitor leaves", () => {
	it("while streaming: the reply is finished and stored", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const stream = await banter.stream("leaver", "[[tokens=30 delay=20]]");
			const { conversationId } = await stream.next();
			await stream.tokens(3);
			stream.leave();
			const reply = await until(
				"the reply is stored",
				async () => (await banter.messages(conversationId))[1],
			);
			assert.deepEqual(reply, ["assistant", numbered(30).trim(), "complete"]);
			assert.equal((await banter.model("stats")).client_disconnects, 0);
		});
	});

	it("before the model has started: the reply is stored as well", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const body = JSON.stringify({
				sessionId: "early",
				message: "[[tokens=3 first-delay=300]] early",
			});
			const raw = await RawConnection.connect(banter.port);
			await raw.write(
				`POST /v1/chat HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
			);
			await until("the model was asked", async () => (await banter.modelCalls("early")) === 1);
			raw.socket.resetAndDestroy();
			await until(
				"the reply is stored",
				async () => (await banter.threadOf("early")).messages[1]?.content === "t0 t1 t2",
			);
		});
	});
});

describe("the service stops", () => {
	const env = { DRAIN_TIMEOUT_MS: String(DEADLINE_MS) };

	it("SIGTERM: a running stream completes and is stored; no new connections; exit status 0", async () => {
		await withBanter({ env, workers: 2 }, async (banter) => {
			const stream = await banter.stream("last", "[[tokens=30 delay=10 hold-after=20]] last");
			const { conversationId } = await stream.next();
			await stream.tokens(3);
			const end = banter.masterd.kill("SIGTERM");
			await until("new connections are refused", () =>
				banter.get("/health").then(
					() => false,
					(error) => error.code === "ECONNREFUSED",
				),
			);
			assert.ok(banter.masterd.running);
			await banter.release("last");
			const events = await stream.rest();
			assert.equal(textOf(events), numbered(30).slice(numbered(3).length));
			assert.equal(events.at(-1).type, "done");
			assert.deepEqual(await end, { code: 0, signal: null });
			banter.masterd.start();
			await banter.ready();
			assert.deepEqual((await banter.messages(conversationId))[1], [
				"assistant",
				numbered(30).trim(),
				"complete",
			]);
		});
	});

	it("SIGTERM: a reply without listeners is finished too", async () => {
		await withBanter({ env, workers: 1 }, async (banter) => {
			const stream = await banter.stream("gone", "[[tokens=20 delay=50]]");
			const { conversationId } = await stream.next();
			stream.leave();
			assert.deepEqual(await banter.masterd.kill("SIGTERM"), { code: 0, signal: null });
			banter.masterd.start();
			await banter.ready();
			assert.deepEqual((await banter.messages(conversationId))[1], [
				"assistant",
				numbered(20).trim(),
				"complete",
			]);
		});
	});

	it("SIGTERM: idle connections do not delay it", async () => {
		await withBanter({ env: { DRAIN_TIMEOUT_MS: "3600000" }, workers: 2 }, async (banter) => {
			const idle = await Promise.all(
				Array.from({ length: 6 }, () => RawConnection.connect(banter.port)),
			);
			await idle[0].write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
			assert.equal((await idle[0].response()).status, 200);
			assert.deepEqual(await banter.masterd.kill("SIGTERM"), { code: 0, signal: null });
			for (const raw of idle) {
				await raw.closed();
				raw.close();
			}
		});
	});

	/** A reply without end is cut; meanwhile() runs before that. */
	async function cut(meanwhile) {
		await withBanter({ env: { DRAIN_TIMEOUT_MS: "500" }, workers: 1 }, async (banter) => {
			const stream = await banter.stream("cut", "[[tokens=3 hang-after=3]]");
			const { conversationId } = await stream.next();
			await stream.tokens(3);
			await meanwhile(banter, async () => {
				const end = banter.masterd.kill("SIGTERM");
				const events = await stream.rest();
				assert.equal(events.at(-1)?.type, "error");
				assert.deepEqual(await end, { code: 0, signal: null });
			});
			banter.masterd.start();
			await banter.ready();
			assert.deepEqual((await banter.messages(conversationId))[1], [
				"assistant",
				"t0 t1 t2",
				"interrupted",
			]);
		});
	}

	it("after DRAIN_TIMEOUT_MS running replies are cut with an error event and kept as interrupted", () =>
		cut((_, stop) => stop()));

	it("the same while the store is stopped, which stores it later", () =>
		cut(async ({ storaged }, stop) => {
			storaged.child.kill("SIGSTOP");
			try {
				await stop();
			} finally {
				storaged.child.kill("SIGCONT");
			}
		}));

	it("masterd is killed: its workers exit, and the next masterd can bind the port at once", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			await banter.chat("orphan", "[[tokens=1]]");
			const old = banter.workerPids();
			await banter.masterd.kill("SIGKILL");
			await until("no worker is left", () => old.every((pid) => !existsSync(`/proc/${pid}`)));
			banter.masterd.start();
			await banter.ready();
			assert.equal((await banter.threadOf("orphan")).messages.length, 2);
		});
	});
});
