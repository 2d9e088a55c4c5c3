// Limits of connections, per address and per worker.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, RawConnection } from "./client.mjs";
import { until, useBanter, withBanter } from "./harness.mjs";
import { cpuOf } from "./proc.mjs";
import { handshakeRefusal, makeWidget, Visitor } from "./visitors.mjs";

const GET = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

/** The other addresses of 127.0.0.0/8 have no exemption. */
const SOMEBODY = "127.0.0.2";
const SOMEBODY_ELSE = "127.0.0.3";
const PROXY = "127.0.0.4";
const VISITOR = "127.0.0.5";
const OURSELVES = "127.0.0.1";

/** Opens a connection from an address; resolves to it and the status of its first response. */
async function open(banter, from) {
	const raw = await RawConnection.connect(banter.port, "127.0.0.1", from);
	await raw.write(GET);
	raw.answer = await raw.response();
	return raw;
}

function openMany(banter, from, n) {
	return Promise.all(Array.from({ length: n }, () => open(banter, from)));
}

const statuses = (raws) => raws.map(({ answer }) => answer.status);
const closeAll = (raws) => {
	for (const raw of raws) raw.close();
};
const all = (n, status) => Array(n).fill(status);

async function refusedSoFar(banter) {
	const { text } = await banter.get("/metrics");
	const counts = [...text.matchAll(/^banter_connections_refused_total(?:\{[^}]*\})? (\d+)$/gm)];
	return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

describe("connections of one address", () => {
	const MAX = 20;
	const banter = useBanter({
		env: { MAX_CONNECTIONS_PER_ADDRESS: String(MAX), TRUSTED_PROXIES: PROXY },
		workers: 3,
	});
	const letIn = async (from) => {
		const raw = await open(banter, from);
		raw.close();
		return raw.answer.status === 200;
	};

	it("the limit is exact over all workers; above it a 503 has a Retry-After", async () => {
		const mine = await openMany(banter, SOMEBODY, MAX);
		assert.deepEqual(statuses(mine), all(MAX, 200));
		assert.ok(new Set(await banter.workersOf(mine.map((raw) => raw.socket))).size > 1);
		const tooMany = await openMany(banter, SOMEBODY, 5);
		for (const { answer } of tooMany) {
			assertError(answer, 503, undefined, "too_many_connections");
			assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
			assert.equal(answer.headers.connection, "close");
		}
		assert.equal(await refusedSoFar(banter), 5);

		const others = await openMany(banter, SOMEBODY_ELSE, MAX);
		assert.deepEqual(statuses(others), all(MAX, 200), "another address has its own");
		for (const raw of mine) {
			await raw.write(GET);
			assert.equal((await raw.response()).status, 200, "those that are in are not touched");
		}
		mine.pop().close();
		await until("one has ended, another is let in", () => letIn(SOMEBODY));
		closeAll([...mine, ...tooMany, ...others]);
	});

	it("trusted proxies and this machine have no limit", async () => {
		for (const from of [PROXY, OURSELVES]) {
			const raws = await openMany(banter, from, 3 * MAX);
			assert.deepEqual(statuses(raws), all(3 * MAX, 200), from);
			closeAll(raws);
		}
	});

	it("behind a proxy it counts WebSockets together with direct connections", async () => {
		const widget = await makeWidget(banter);
		const behind = (client) => ({
			localAddress: PROXY,
			headers: { "x-forwarded-for": client },
		});
		const visit = (client) => Visitor.open(banter, widget, behind(client));
		const mine = await Promise.all(Array.from({ length: MAX - 1 }, () => visit(VISITOR)));
		mine.push(await Visitor.open(banter, widget, { localAddress: VISITOR }));
		const counted = await refusedSoFar(banter);
		const { status, headers, json } = await handshakeRefusal(banter, widget, behind(VISITOR));
		assert.deepEqual([status, json.code], [503, "too_many_connections"]);
		assert.match(headers["retry-after"], /^[1-9]\d*$/);
		assert.notEqual(headers.connection, "close", "the connection is the proxy's");
		assert.equal(await refusedSoFar(banter), counted + 1);
		const path = `/api/widget/${widget.widget_id}/config`;
		const raw = await RawConnection.connect(banter.port, "127.0.0.1", PROXY);
		await raw.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${VISITOR}\r\n\r\n`);
		assert.equal((await raw.response()).status, 200, "what is no WebSocket is let in");
		raw.close();

		const other = await visit(SOMEBODY_ELSE);
		await mine.pop().close();
		await until("one has ended, another is let in", async () => {
			const again = new Visitor(banter, widget, behind(VISITOR));
			await until("its opening or not", () => again.frames.length > 0 || again.error);
			mine.push(again);
			return again.frames.length > 0;
		});
		for (const one of [...mine, other]) one.ws.terminate();
	});

	it("the counts of a killed worker are removed", async () => {
		let mine = [];
		await until("those of the test before have ended, and as many are in", async () => {
			closeAll(mine);
			mine = await openMany(banter, SOMEBODY, MAX);
			return statuses(mine).every((status) => status === 200);
		});
		const holders = await banter.workersOf(mine.map((raw) => raw.socket));
		const victim = holders[0];
		const lost = holders.filter((pid) => pid === victim).length;
		await banter.killWorkers([victim]);
		await banter.ready();
		const again = await openMany(banter, SOMEBODY, lost);
		assert.deepEqual(statuses(again), all(lost, 200), "as many as were lost are let in");
		const [oneMore] = await openMany(banter, SOMEBODY, 1);
		assert.equal(oneMore.answer.status, 503, "and no more");
		closeAll([...mine, ...again, oneMore]);
	});
});

describe("connections of a worker", () => {
	it("at the limit new ones wait without a busy loop, and are served when there is room", async () => {
		const env = { MAX_CONNECTIONS: "30" };
		const MANY = 600; // more than the limit and all that may be under way to the worker
		await withBanter({ env, workers: 1 }, async (banter) => {
			const [worker] = banter.workerPids();
			const raws = await Promise.all(
				Array.from({ length: MANY }, () => RawConnection.connect(banter.port)),
			);
			let answered = 0;
			const answers = raws.map(async (raw) => {
				await raw.write(GET);
				const { status } = await raw.response();
				answered++;
				return status;
			});
			await banter.log.waitFor("the limit", (line) => line.ev === "connections_held");
			await until("some have an answer", () => answered >= 30);

			const pids = [banter.masterd.pid, worker];
			const before = pids.map(cpuOf);
			const since = Date.now();
			const kept = await Promise.race(raws.map((raw, i) => answers[i].then(() => raw)));
			while (Date.now() - since < 1000) {
				// An accepted connection is served all the time.
				await kept.write(GET);
				assert.equal((await kept.response()).status, 200);
				await new Promise((done) => setTimeout(done, 50));
			}
			for (const [i, pid] of pids.entries()) {
				const used = cpuOf(pid) - before[i];
				assert.ok(used < (Date.now() - since) / 2, `process ${pid} spins: ${used} ms`);
			}
			assert.ok(answered < MANY, "not all are in");

			// Each client leaves after its response and makes room for the next.
			for (const [i, raw] of raws.entries()) answers[i].then(() => raw.close());
			assert.deepEqual(new Set(await Promise.all(answers)), new Set([200]));
			await banter.log.waitFor("room again", (line) => line.ev === "connections_taken_again");
			assert.equal((await banter.get("/health")).status, 200);
		});
	});
});
