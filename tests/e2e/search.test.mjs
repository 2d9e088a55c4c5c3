// Full-text search. tests/unit/storaged/search has words, queries, snippets, and that nothing of an erased text is
// left in the index's files; this file has what the processes do together.

import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ADMIN } from "./accounts.mjs";
import { Contract } from "./contract.mjs";
import { times, until, useBanter, whileStopped, withBanter } from "./harness.mjs";
import {
	AGENT,
	addOrganization,
	adminExpect,
	bare,
	NOBODY,
	ORG,
	openVisitor,
	storeTurn,
	submitContact,
	usePeer,
	WIDGET,
} from "./organizations.mjs";
import { KEY } from "./replies.mjs";

const PATH = "/v1/admin/search";
const contract = new Contract();

const ask = (banter, query, headers = ADMIN) =>
	banter.get(`${PATH}?${new URLSearchParams(query)}`, headers);

const textOf = ({ snippet }) => snippet.map(({ text }) => text).join("");
const marksOf = ({ snippet }) => snippet.filter(({ match }) => match).map(({ text }) => text);

/** The results of a search that must succeed. */
async function find(banter, query, headers) {
	const answer = await ask(banter, typeof query === "string" ? { q: query } : query, headers);
	assert.equal(answer.status, 200, answer.text);
	return contract.check("GET", PATH, answer).json.results;
}

/** Waits until a search finds this many results. */
const found = (banter, query, n) =>
	until(`${query} is found ${n} times`, async () => {
		const answer = await ask(banter, { q: query });
		return answer.status === 200 && answer.json.results.length === n && answer.json.results;
	});

/** A visitor's message whose reply contains only numbered tokens; resolves to the conversation. */
async function say(banter, sessionId, text) {
	const answer = await banter.chat(sessionId, `${text} [[tokens=2]]`);
	assert.equal(answer.status, 200, answer.text);
	return answer.json.conversationId;
}

it("organizations search side by side: the many searches of one do not delay another's", () =>
	withBanter({ workers: 1, search: true }, async (banter) => {
		await found(banter, "nothing", 0);
		const { headers } = await addOrganization(banter, "Other");
		const done = [];
		const start = async (who, headers) => {
			const { status } = await ask(banter, { q: "tea" }, headers);
			assert.equal(status, 200);
			done.push(who);
		};
		const all = [];
		await whileStopped([banter.searchd.pid], async () => {
			for (let i = 0; i < 30; i++) all.push(start("one", ADMIN));
			// The worker has read the requests before it answers these.
			for (let i = 0; i < 20; i++) await banter.get("/health");
			all.push(start("other", headers));
			for (let i = 0; i < 20; i++) await banter.get("/health");
		});
		await Promise.all(all);
		assert.ok(done.indexOf("other") < 10, `${done}`);
	}));

describe("search", () => {
	const banter = useBanter({ workers: 2, search: true, env: { SEARCH_COMPARE_MS: "1" } });
	const store = usePeer(banter);

	it("finds messages within a second, newest first, with marks", async () => {
		await say(banter, "first", "Where is my parcel?");
		const conversation = await say(banter, "second", "The PARCEL: de l’été, e-mail 東京都");
		const results = await found(banter, "parcel", 2);
		assert.deepEqual(results.map(marksOf), [["PARCEL"], ["parcel"]]);
		assert.equal(results[0].conversationId, conversation);
		assert.match(textOf(results[0]), /^The PARCEL: de/);
		const { messages } = await banter.thread(conversation);
		assert.equal(results[0].id, messages[0]._id);
		assert.equal(results[0].at, messages[0].createdAt);
	});

	for (const [query, mark] of [
		["ete", "été"],
		["parc* EMAIL*", undefined],
		["e-mail", "e-mail"],
		['"email"', undefined],
		["京都", "京都"],
		["都", "都"],
		["parcel AND mail", undefined], // "and" is a word as any other
		['parcel" OR "x', undefined],
		["parcel NOT mail", undefined],
		["{scope}:x", undefined],
		["text:parcel", undefined],
	])
		it(`takes ${query} literally`, async () => {
			const results = await find(banter, query);
			assert.deepEqual(results.map(marksOf), mark ? [[mark]] : []);
		});

	it("filters by widget, contact, state, tag and time, in pages", async () => {
		const [newest, oldest] = await find(banter, "parcel");
		for (const [filter, expected] of [
			[{ widgetId: WIDGET }, 2],
			[{ widgetId: NOBODY }, 0],
			[{ contactId: NOBODY }, 0],
			[{ tag: NOBODY }, 0],
			[{ state: "open" }, 2],
			[{ state: "resolved" }, 0],
			[{ from: newest.at }, 1],
			[{ to: newest.at }, 1],
			[{ from: 0, to: oldest.at }, 0],
			[{ from: newest.at + 1 }, 0],
		])
			assert.equal((await find(banter, { q: "parcel", ...filter })).length, expected);
		const page = (await ask(banter, { q: "parcel", limit: 1 })).json;
		assert.deepEqual(page.results, [newest]);
		const next = (await ask(banter, { q: "parcel", limit: 1, cursor: page.nextCursor })).json;
		assert.deepEqual(next.results, [oldest]);
	});

	it("says whose conversation it is", async () => {
		await say(banter, "nameless", "Is there marmalade?");
		const [unknown] = await found(banter, "marmalade", 1);
		const nobody = { sessionId: "nameless", contactId: null, contact: null };
		assert.deepEqual(unknown.visitor, nobody);
		const { widget_id } = await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`);
		const visitor = await openVisitor(store.peer, widget_id);
		const contact = { name: "Quince", email: "quince@example.com" };
		const contactId = await submitContact(visitor, contact);
		await storeTurn(visitor);
		await found(banter, "quince", 1);
		const known = { sessionId: visitor.session, contactId, contact: { ...contact, phone: null } };
		await until("the answer is found", async () => {
			const [one] = await find(banter, { q: "answer", contactId });
			return one && assert.deepEqual(one.visitor, known) === undefined;
		});
		const [person] = await find(banter, "quince");
		assert.deepEqual([person.kind, person.visitor], ["contact", null]);
	});

	it("finds replies by rating, status, agent and missing content, with and without words", async () => {
		const rate = async (sessionId, rating) => {
			const { json } = await banter.chat(sessionId, `walnut ${sessionId} [[tokens=2]]`);
			const path = `/v1/chat/${json.messageId}/rating`;
			await contract.drive(banter, 204, "POST", path, {
				headers: KEY,
				body: { sessionId, rating },
			});
			return json.messageId;
		};
		const [good, bad] = [await rate("good", "up"), await rate("bad", "down")];
		const only = async (query, ...ids) => {
			await until(`${JSON.stringify(query)} finds ${ids}`, async () => {
				const got = (await find(banter, query)).map(({ id }) => id);
				return got.join() === ids.join();
			});
		};
		await only({ rating: "down" }, bad);
		await only({ rating: "up" }, good);
		await only({ rating: "down", q: "t1" }, bad);
		await only({ rating: "down", q: "walnut" });
		await only({ rating: "down", agentId: AGENT }, bad);
		await only({ rating: "down", agentId: NOBODY });
		await only({ rating: "down", unanswered: "true" });
		const cut = await banter.chat("cut", "[[tokens=2 finish=length]]");
		assert.equal(cut.json.status, "length");
		await only({ status: "length" }, cut.json.messageId);
		const { headers } = await addOrganization(banter, "Marks");
		assert.deepEqual(await find(banter, { rating: "down" }, headers), []);
	});

	it("finds nothing of another organization", async () => {
		const { headers } = await addOrganization(banter, "Other");
		assert.deepEqual(await find(banter, "parcel", headers), []);
		assert.deepEqual(await find(banter, `parcel o${bare(ORG)}`), []);
	});

	it("refuses invalid parameters", async () => {
		for (const query of [
			...["", "q=", "q=%20", "q=%22*%22", `q=${"x".repeat(257)}`, `q=${"x%20".repeat(17)}`],
			...["q=x&widgetId=x", "q=x&contactId=", "q=x&tag=1", "q=x&state=active", "q=x&from=-1"],
			...["q=x&to=1e3", "q=x&limit=0", "q=x&limit=101", "q=x&cursor=x"],
			...["rating=good", "q=&rating=up", "status=complete", "unanswered=1", "agentId=x"],
		])
			await contract.drive(banter, 400, "GET", `${PATH}?${query}`, { headers: ADMIN });
		contract.assertComplete("search");
	});

	/** Whether a file of the index contains the text. */
	const isInFiles = (text) => {
		const dir = join(banter.dir, "data", "search");
		return readdirSync(dir).some((name) => readFileSync(join(dir, name)).includes(text));
	};

	it("an erased conversation has left the index and its files when that is acknowledged", async () => {
		const conversation = await say(banter, "erased", "xylophonist");
		await found(banter, "xylophonist", 1);
		assert.ok(isInFiles("xylophonist"));
		const path = `/v1/admin/conversations/${conversation}`;
		assert.equal((await banter.request("DELETE", path, { headers: ADMIN })).status, 204);
		assert.ok(!isInFiles("xylophonist"));
		assert.deepEqual(await find(banter, "xylophonist"), []);
	});

	it("a searchd that storaged has disconnected finds nothing erased, even before it reads that", async () => {
		const conversation = await say(banter, "stalled", "zeppelin");
		await found(banter, "zeppelin", 1);
		const path = `/v1/admin/conversations/${conversation}`;
		const { early, late } = await whileStopped([banter.searchd.pid], async () => {
			// The searches come before the end of the connection to storaged, and behind it.
			const early = times(8, () => ask(banter, { q: "zeppelin" }));
			assert.equal((await banter.request("DELETE", path, { headers: ADMIN })).status, 204);
			const late = times(8, () => ask(banter, { q: "zeppelin" }));
			await times(8, () => banter.get("/v1/admin/conversations", ADMIN));
			return { early, late };
		});
		await early;
		for (const answer of await late)
			assert.ok(answer.status === 503 || answer.json.results.length === 0, answer.text);
		await found(banter, "parcel", 2);
	});

	it("a connection on which searchd does not answer in time is closed", async () => {
		await whileStopped([banter.searchd.pid], async () => {
			const answer = await ask(banter, { q: "parcel" });
			assert.equal(answer.status, 503, answer.text);
		});
		await banter.log.waitFor(
			"the connection is closed",
			({ ev, why }) => ev === "search_lost" && why === "no answer in time",
		);
		await found(banter, "parcel", 2);
	});

	it("without searchd: 503; what was erased meanwhile is not found afterwards", async () => {
		const conversation = await say(banter, "away", "quagmire");
		await found(banter, "quagmire", 1);
		banter.searchd.mustRun = false;
		await banter.searchd.stop();
		const answer = await ask(banter, { q: "quagmire" });
		assert.equal(answer.status, 503);
		assert.equal(contract.check("GET", PATH, answer).json.code, "search_unavailable");
		const path = `/v1/admin/conversations/${conversation}`;
		assert.equal((await banter.request("DELETE", path, { headers: ADMIN })).status, 204);
		await say(banter, "meanwhile", "nightingale");
		banter.searchd.start();
		await found(banter, "nightingale", 1);
		assert.deepEqual(await find(banter, "quagmire"), []);
		assert.ok(!isInFiles("quagmire"));
	});

	it("a killed searchd goes on, and a damaged index is built again", async () => {
		await banter.searchd.kill("SIGKILL");
		await say(banter, "killed", "hippopotamus");
		banter.searchd.start();
		await found(banter, "hippopotamus", 1);
		await banter.searchd.stop();
		const file = openSync(join(banter.dir, "data", "search", "search.db"), "r+");
		writeSync(file, Buffer.alloc(4096, 0x55), 0, 4096, 0);
		closeSync(file);
		banter.searchd.start();
		await found(banter, "hippopotamus", 1);
		assert.equal((await find(banter, "parcel")).length, 2);
	});

	it("while the store is down: 503, and then it goes on", async () => {
		await banter.stopStore();
		await until("searchd knows", async () => (await ask(banter, { q: "parcel" })).status === 503);
		banter.startStore();
		await banter.ready();
		await found(banter, "parcel", 2);
	});

	it("the comparisons of the index with the store, one after the other, have removed nothing", async () => {
		const isComparison = ({ ev }) => ev === "search_index_compared";
		await banter.log.waitFor("a comparison", isComparison, banter.log.lines.length);
		for (const line of banter.log.lines.filter(isComparison)) assert.equal(line.removed, "0");
	});
});

describe("the places of searches that wait", () => {
	const banter = useBanter({ workers: 1, search: true });

	it("are shared: an organization that takes what it gets leaves places for the others", async () => {
		const one = await addOrganization(banter, "One");
		const other = await addOrganization(banter, "Other");
		const { many, last } = await whileStopped([banter.searchd.pid], async () => {
			let refused = 0;
			const many = times(70, async () => {
				const answer = await ask(banter, { q: "parcel" }, one.headers);
				if (answer.status === 503) refused++;
				return answer;
			});
			await until("it gets no more places", () => refused > 0);
			const last = ask(banter, { q: "parcel" }, other.headers);
			// Its search is sent, too, before searchd goes on.
			await times(8, () => banter.get("/v1/admin/conversations", other.headers));
			return { many, last };
		});
		assert.equal((await last).status, 200);
		assert.equal((await many).filter(({ status }) => status === 200).length, 32);
	});
});
