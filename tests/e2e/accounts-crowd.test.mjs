// Many simultaneous logins: hashing their passwords takes seconds and must not delay other
// requests.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { addUser, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { until, useBanter } from "./harness.mjs";
import { cpuOf } from "./proc.mjs";

const CROWD = 20;

const env = { TRUSTED_PROXIES: "127.0.0.1,::1" };

/** The nth client: its own account and its own address. */
const stranger = (i) => [
	{ email: `u${i}@example.com`, password: "wrong" },
	{ from: `2001:db8:${i.toString(16)}::1` },
];

describe("while many sign in at once", () => {
	const banter = useBanter({ env, workers: 2 });

	it("/health is answered many times in the time of one hash", async (t) => {
		const began = Date.now();
		let left = CROWD;
		const logins = Array.from({ length: CROWD }, (_, i) =>
			postLogin(banter, ...stranger(i)).finally(() => left--),
		);
		const times = [];
		while (left > 0) {
			const asked = performance.now();
			assert.equal((await banter.get("/health")).status, 200);
			times.push(performance.now() - asked);
		}
		const took = Date.now() - began;
		for (const answer of await Promise.all(logins)) assertError(answer, 401, "Invalid password");
		times.sort((a, b) => a - b);
		const at = (part) => times[Math.floor(part * (times.length - 1))].toFixed(1);
		t.diagnostic(
			`${CROWD} logins in ${took} ms; ${times.length} times /health, ` +
				`p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms`,
		);
		// An event loop that hashed passwords itself would answer at most once per hash.
		assert.ok(times.length > 4 * CROWD, `${times.length} answers`);
	});
});

describe("more logins than the queue holds", () => {
	const banter = useBanter({ env, workers: 1 });

	/**
	 * A login whose client resets its connection (a closed one may be only half-closed). answer:
	 * the head of the response; undefined: the client left before it.
	 */
	function visit(i) {
		const [body, { from }] = stranger(i);
		const text = JSON.stringify(body);
		const socket = connect(banter.port, "127.0.0.1");
		socket.write(
			`POST /api/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${from}\r\n` +
				`Content-Length: ${text.length}\r\n\r\n${text}`,
		);
		const answer = new Promise((resolve) => {
			socket.once("data", (data) => resolve(data.toString()));
			socket.once("close", () => resolve(undefined));
			socket.on("error", () => {});
		});
		return { answer, leave: () => socket.resetAndDestroy() };
	}

	it("get a Retry-After, and clients that left delay nobody", async (t) => {
		const who = await addUser(banter, "jane@example.com");
		const visits = [];
		let refusal;
		await until("one is refused", () => {
			const one = visit(visits.length);
			visits.push(one);
			one.answer.then((head) => {
				if (head?.startsWith("HTTP/1.1 503 ")) refusal ??= head;
			});
			return refusal;
		});
		assert.match(refusal, /^retry-after: [1-9]\d*\r$/im);
		for (const { leave } of visits) leave();
		const answers = await Promise.all(visits.map((one) => one.answer));
		const left = answers.filter((one) => one === undefined).length;
		const [worker] = banter.workerPids();
		const start = cpuOf(worker);
		let next = visits.length;
		await until("there is room again", async () => {
			const { status } = await postLogin(banter, ...stranger(next++));
			return status === 401;
		});
		const used = cpuOf(worker) - start;
		const answer = await postLogin(banter, who, { from: "192.0.2.1" });
		assert.equal(answer.status, 200, answer.text);
		const hash = cpuOf(worker) - start - used;
		t.diagnostic(`${left} left; then ${used} ms of work to be let in, ${hash} ms a login`);
		// The running job and ours, not all queued ones.
		assert.ok(used < hash * (3 + left / 2), `${used} ms of work, ${hash} ms a login`);
	});
});
