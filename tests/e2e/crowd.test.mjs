// Limits of connections, per address and per worker.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, RawConnection } from "./client.mjs";
import { times, until, useBanter, withBanter } from "./harness.mjs";
import { getOn, workersOf } from "./replies.mjs";
import { handshakeRefusal, makeWidget, Visitor } from "./visitors.mjs";

/** The other addresses of 127.0.0.0/8 have no exemption. */
const OURSELVES = "127.0.0.1";
const SOMEBODY = "127.0.0.2";
const SOMEBODY_ELSE = "127.0.0.3";
const PROXY = "127.0.0.4";
const VISITOR = "127.0.0.5";

/** Opens connections from an address, each with the response to its first request. */
function open(banter, from, n = 1) {
	return times(n, async () => {
		const raw = await RawConnection.connect(banter.port, OURSELVES, from);
		raw.answer = await getOn(raw, "/health");
		return raw;
	});
}

const closeAll = (raws) => {
	for (const raw of raws) raw.close();
};

const isIn = ({ answer }) => answer.status === 200;

describe("connections of one address", () => {
	const MAX = 20;
	const banter = useBanter({
		env: { MAX_CONNECTIONS_PER_ADDRESS: String(MAX), TRUSTED_PROXIES: PROXY },
		workers: 3,
	});

	it("the limit is exact over all workers; above it a 503 has a Retry-After", async () => {
		const mine = await open(banter, SOMEBODY, MAX);
		assert.ok(mine.every(isIn));
		assert.ok(new Set(await workersOf(banter, mine)).size > 1);
		const tooMany = await open(banter, SOMEBODY, 5);
		for (const { answer } of tooMany) {
			assertError(answer, 503, undefined, "too_many_connections");
			assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
			assert.equal(answer.headers.connection, "close");
		}
		assert.equal(await banter.metric("connections_refused_total"), 5);

		const others = await open(banter, SOMEBODY_ELSE, MAX);
		assert.ok(others.every(isIn), "another address has its own limit");
		for (const raw of mine)
			assert.equal((await getOn(raw, "/health")).status, 200, "accepted connections stay");
		mine.pop().close();
		await until("one has ended, another is accepted", async () => {
			const [raw] = await open(banter, SOMEBODY);
			raw.close();
			return isIn(raw);
		});
		closeAll([...mine, ...tooMany, ...others]);
	});

	it("trusted proxies and this machine have no limit", async () => {
		for (const from of [PROXY, OURSELVES]) {
			const raws = await open(banter, from, 3 * MAX);
			assert.ok(raws.every(isIn), from);
			closeAll(raws);
		}
	});

	it("behind a proxy it counts WebSockets together with direct connections", async () => {
		const widget = await makeWidget(banter);
		const behind = (client) => ({ from: PROXY, headers: { "x-forwarded-for": client } });
		const visit = (options) => Visitor.open(banter, widget, options);
		const mine = await times(MAX - 1, () => visit(behind(VISITOR)));
		mine.push(await visit({ from: VISITOR }));
		const counted = await banter.metric("connections_refused_total");
		const { status, headers, json } = await handshakeRefusal(banter, widget, behind(VISITOR));
		assert.deepEqual([status, json.code], [503, "too_many_connections"]);
		assert.match(headers["retry-after"], /^[1-9]\d*$/);
		assert.notEqual(headers.connection, "close", "the connection is the proxy's");
		assert.equal(await banter.metric("connections_refused_total"), counted + 1);
		const raw = await RawConnection.connect(banter.port, OURSELVES, PROXY);
		const path = `/api/widget/${widget.widget_id}/config`;
		const other = await getOn(raw, path, { "X-Forwarded-For": VISITOR });
		assert.equal(other.status, 200, "a request without an upgrade to WebSocket is accepted");
		raw.close();

		mine.push(await visit(behind(SOMEBODY_ELSE)));
		await mine.shift().close();
		await until("one has ended, another is accepted", async () => {
			mine.push(new Visitor(banter, widget, behind(VISITOR)));
			const { frames } = mine.at(-1);
			await until("it is opened or refused", () => frames.length > 0 || mine.at(-1).error);
			return frames.length > 0;
		});
		for (const one of mine) one.ws.terminate();
	});

	it("the counts of a killed worker are removed", async () => {
		let mine = [];
		await until("the connections of the previous test have ended", async () => {
			closeAll(mine);
			mine = await open(banter, SOMEBODY, MAX);
			return mine.every(isIn);
		});
		const holders = await workersOf(banter, mine);
		const lost = holders.filter((pid) => pid === holders[0]).length;
		await banter.killWorkers([holders[0]]);
		await banter.ready();
		const again = await open(banter, SOMEBODY, lost);
		assert.ok(again.every(isIn), "as many as were lost are accepted");
		const [oneMore] = await open(banter, SOMEBODY);
		assert.equal(oneMore.answer.status, 503, "and no more");
		closeAll([...mine, ...again, oneMore]);
	});
});

it("at the limit of a worker new connections wait, and are served when there is room", () => {
	const LIMIT = 30;
	const MANY = 600; // more than the limit and all that may be on their way to the worker
	const env = { MAX_CONNECTIONS: String(LIMIT) };
	return withBanter({ env, workers: 1 }, async (banter) => {
		const raws = await times(MANY, () => RawConnection.connect(banter.port));
		let answered = 0;
		const answers = raws.map(async (raw) => {
			const { status } = await getOn(raw, "/health");
			answered++;
			return status;
		});
		await banter.log.waitFor("the limit", (line) => line.ev === "connections_held");
		await until("some have an answer", () => answered >= LIMIT);

		const accepted = await Promise.race(raws.map((raw, i) => answers[i].then(() => raw)));
		assert.equal((await getOn(accepted, "/health")).status, 200);
		assert.ok(answered < MANY, "not all are in");

		// Each client leaves after its response and makes room for the next.
		for (const [i, raw] of raws.entries()) answers[i].then(() => raw.close());
		assert.deepEqual(new Set(await Promise.all(answers)), new Set([200]));
		await banter.log.waitFor("room again", (line) => line.ev === "connections_taken_again");
		assert.equal((await banter.get("/health")).status, 200);
	});
});
