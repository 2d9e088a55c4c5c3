// Answers of the organization, and the open questions that they close. unit/workerd/knowledge has which questions are
// similar.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { dashed, newId } from "../faults/ids.mjs";
import { getRecord, putRequest } from "../faults/records.mjs";
import { addUser, logIn } from "./accounts.mjs";
import { driver } from "./content.mjs";
import { Contract } from "./contract.mjs";
import { times, until, useBanter } from "./harness.mjs";
import {
	ADMIN,
	addOrganization,
	assertFields,
	bare,
	NOBODY,
	ORG,
	pagesOf,
	usePeer,
	WIDGET,
} from "./organizations.mjs";

const contract = new Contract();
const NORWAY = { question: "Do you deliver to Norway?", text: "Yes, within five days." };
const NO_ANSWER = 2; // enum found_outcome

const driverOf = (banter) => {
	const drive = driver(contract, banter);
	return { drive, send: async (...request) => (await drive(...request)).json };
};

describe("an answer", () => {
	const banter = useBanter({ workers: 2 });
	const store = usePeer(banter);
	const { drive, send } = driverOf(banter);

	it("is a draft at first, and is changed by its version", async () => {
		const { headers, json: draft } = await drive(201, "POST", "answers", NORWAY);
		const { id, createdAt, updatedAt, ...rest } = draft;
		assert.deepEqual(rest, {
			...NORWAY,
			...{ language: null, published: false, conversation: null, message: null },
		});
		assert.ok(createdAt > 0 && updatedAt > 0);
		const path = `answers/${id}`;
		assert.deepEqual((await drive(200, "GET", path)).json, draft);
		const published = await send(200, "PUT", path, { published: true, language: "en" });
		assert.deepEqual([published.published, published.language], [true, "en"]);
		const old = { ...ADMIN, "if-match": headers.etag };
		assert.deepEqual((await send(412, "PUT", path, { text: "x" }, old)).current, published);
		assert.equal((await send(200, "PUT", path, published)).text, NORWAY.text);
		await drive(204, "DELETE", path);
		for (const [method, body] of [["GET"], ["PUT", {}], ["DELETE"]]) {
			await drive(404, method, path, body);
			await drive(400, method, "answers/x", body);
		}
	});

	it("is listed, newest first, page by page", async () => {
		for (let i = 0; i < 3; i++) await send(201, "POST", "answers", { ...NORWAY, text: `${i}` });
		const pages = await pagesOf((path) => send(200, "GET", path), "answers", 2);
		assert.deepEqual(
			pages.flatMap(({ answers }) => answers.map(({ text }) => text)),
			["2", "1", "0"],
		);
		await drive(400, "GET", "answers?limit=x");
	});

	it("is refused with what would be right", async () => {
		const { id } = await send(201, "POST", "answers", NORWAY);
		for (const [body, names] of [
			[{}, ["question", "text"]],
			[{ question: "x" }, ["text"]],
			[{ question: " ", text: "x".repeat(2001) }, ["question", "text"]],
			[{ ...NORWAY, language: "English", published: 1 }, ["language", "published"]],
			[{ ...NORWAY, conversation: NOBODY }, ["message"]],
			[{ message: NOBODY }, ["conversation"]],
			[{ message: "x", conversation: "x" }, ["conversation", "message", "question", "text"]],
			[{ ...NORWAY, gaps: ["x"], more: 1 }, ["gaps", "more"]],
			[{ ...NORWAY, gaps: Array.from({ length: 501 }, () => NOBODY) }, ["gaps"]],
			[{ conversation: NOBODY, message: NOBODY }, ["message"]],
		])
			assertFields(await drive(422, "POST", "answers", body), names);
		for (const [body, names] of [
			[{ question: "" }, ["question"]],
			[{ text: null }, ["text"]],
			[{ conversation: NOBODY, message: NOBODY }, ["conversation", "message"]],
		])
			assertFields(await drive(422, "PUT", `answers/${id}`, body), names);
		for (const [method, path] of [
			["POST", "answers"],
			["PUT", `answers/${id}`],
		]) {
			await drive(400, method, path, "[]");
			const long = { ...ADMIN, "content-length": "65537" };
			await drive(413, method, path, undefined, long);
		}
	});

	it("is made of a reply and its question", async () => {
		const question = "Where is my parcel? [[tokens=3]]";
		const { conversationId, messageId } = (await banter.chat("draft", question)).json;
		await banter.chat("draft", "Thanks [[tokens=1]]");
		const { messages } = await banter.thread(conversationId);
		const reply = { conversation: conversationId, message: messageId };
		const draft = await send(201, "POST", "answers", reply);
		assert.deepEqual([draft.question, draft.text], [question, messages[1].content]);
		assert.deepEqual(
			[draft.published, draft.conversation, draft.message],
			[...[false, conversationId, messageId]],
		);
		const second = (await banter.chat("draft", "And now? [[tokens=2]]")).json;
		const own = await send(201, "POST", "answers", {
			...NORWAY,
			conversation: conversationId,
			message: second.messageId,
		});
		assert.deepEqual([own.question, own.text], [NORWAY.question, NORWAY.text]);
		// A visitor's message is no reply, and neither is one of another conversation.
		const theirs = (await banter.chat("other", "[[tokens=1]]")).json;
		for (const message of [messages[0]._id, theirs.messageId, NOBODY])
			assertFields(await drive(422, "POST", "answers", { conversation: conversationId, message }), [
				"message",
			]);
		const { headers } = await addOrganization(banter, "Another");
		assertFields(await drive(422, "POST", "answers", reply, headers), ["message"]);
	});

	it("of a reply is the same however often it is made, and is found by the reply", async () => {
		const { conversationId, messageId } = (await banter.chat("twice", "[[tokens=4]]")).json;
		const reply = { conversation: conversationId, message: messageId };
		const of = `answers?message=${messageId}`;
		const found = async (headers = ADMIN) =>
			(await send(200, "GET", of, undefined, headers)).answers;
		assert.deepEqual(await found(), []);
		const make = (body) => send([200, 201], "POST", "answers", body);
		const made = await times(20, () => make(reply));
		assert.deepEqual(new Set(made.map(({ id }) => id)), new Set([messageId]));
		assert.equal((await found()).length, 1);
		const changed = await send(200, "PUT", `answers/${messageId}`, {
			text: "Ours",
			published: true,
		});
		assert.deepEqual(await send(200, "POST", "answers", { ...NORWAY, ...reply }), changed);
		assert.deepEqual(await found(), [changed]);
		// Two that differ, at once.
		const other = (await banter.chat("twice", "[[tokens=5]]")).json.messageId;
		const differing = await times(20, (i) => make({ ...reply, message: other, text: `${i}` }));
		assert.equal(new Set(differing.map(({ text }) => text)).size, 1);
		// Of another conversation, or organization, there is none.
		const elsewhere = (await banter.chat("elsewhere", "[[tokens=1]]")).json.conversationId;
		const wrong = { conversation: elsewhere, message: messageId };
		assertFields(await drive(422, "POST", "answers", wrong), ["message"]);
		const { headers } = await addOrganization(banter, "Not theirs");
		assert.deepEqual(await found(headers), []);
		assertFields(await drive(422, "POST", "answers", reply, headers), ["message"]);
		await drive(204, "DELETE", `answers/${messageId}`);
		assert.deepEqual(await found(), []);
		assert.equal((await send(201, "POST", "answers", reply)).published, false);
		for (const invalid of ["x", "", "00000000-0000-0000-0000-000000000000"])
			await drive(400, "GET", `answers?message=${invalid}`);
	});

	it("is written by members, too", async () => {
		const member = await logIn(banter, await addUser(banter, "anna@answers.example", "--member"));
		const { id } = await send(201, "POST", "answers", NORWAY, member);
		await send(200, "PUT", `answers/${id}`, { published: true }, member);
		await drive(204, "DELETE", `answers/${id}`, undefined, member);
		await drive(200, "GET", "gaps", undefined, member);
	});

	it("is one of at most 10,000", async () => {
		const put = (i) => {
			const id = `0192f00000007000b${String(i).padStart(15, "0")}`;
			const record = { v: 1, id, org: bare(ORG), question: `${i}`, text: "x" };
			return store.peer.request("record_put", putRequest("answer", record, 1));
		};
		for (let at = 0; at < 10_000; at += 1000) await times(1000, (i) => put(at + i));
		assert.equal((await send(409, "POST", "answers", NORWAY)).code, "limit_reached");
	});
});

/** A question that the content has not answered. */
async function addGap(peer, question) {
	const turn = newId();
	const begin = {
		...{ org: bare(ORG), widget: bare(WIDGET), session: newId(), conversation: newId() },
		...{ message: newId(), turn, text: question, history: 1 },
	};
	const { conversation } = await peer.ask("turn_begin", begin, "turn_begun");
	const finish = { turn, run: turn, text: "I do not know.", sources: { outcome: NO_ANSWER } };
	await peer.ask("turn_finish", finish, "ok");
	return { id: dashed(turn), conversation: dashed(conversation) };
}

describe("open questions", () => {
	const banter = useBanter({ workers: 2, search: true });
	const store = usePeer(banter);
	const { drive, send } = driverOf(banter);
	const list = async (query = "", headers = ADMIN) =>
		send(200, "GET", `gaps${query}`, undefined, headers);
	const openNow = async () => {
		const { clusters } = await list();
		return clusters.flatMap(({ gaps }) => gaps.map(({ question }) => question)).sort();
	};

	const ask = (question) => addGap(store.peer, question);

	let norway;

	before(async () => {
		norway = await ask("Do you deliver to Norway?");
		await ask("do you DELIVER to norway");
		await ask("Do you also deliver to Norway, please?");
		await ask("Is the shop open on Sundays?");
	});

	it("are in clusters of similar ones, the largest first", async () => {
		const { clusters, clusterTotal, total, truncated } = await list();
		assert.deepEqual([clusterTotal, total, truncated], [2, 4, false]);
		assert.deepEqual(
			clusters.map(({ question, count }) => [question, count]),
			[
				["Do you deliver to Norway?", 3],
				["Is the shop open on Sundays?", 1],
			],
		);
		const [{ id, lastAt, gaps }] = clusters;
		assert.equal(id, norway.id);
		const { at, agent, ...rest } = gaps[0];
		const { question } = clusters[0];
		assert.deepEqual(rest, { id, question, conversation: norway.conversation, widget: WIDGET });
		assert.ok(agent !== null && at <= lastAt && lastAt === gaps[2].at);
		const first = await list("?limit=1");
		assert.deepEqual([first.clusters.length, first.clusterTotal, first.truncated], [1, 2, true]);
		for (const wrong of ["limit=0", "limit=501", "limit=x"])
			await drive(400, "GET", `gaps?${wrong}`);
	});

	it("are closed or dismissed, once", async () => {
		const { id } = await ask("What is the weather like on Mars?");
		const other = await ask("Who is the king of France?");
		const close = (body) => send(200, "POST", "gaps/close", body);
		const gaps = [id, NOBODY];
		assert.deepEqual(await close({ gaps, state: "dismissed" }), { closed: 1 });
		assert.deepEqual(await close({ gaps, state: "dismissed" }), { closed: 0 });
		const answer = (await send(201, "POST", "answers", NORWAY)).id;
		assert.deepEqual(await close({ gaps: [other.id], state: "closed", answer }), { closed: 1 });
		assert.equal((await list()).total, 4);
		await drive(204, "DELETE", `answers/${answer}`);
	});

	it("are closed only with what is right", async () => {
		const { headers } = await addOrganization(banter, "Another");
		const answer = (await send(201, "POST", "answers", NORWAY, headers)).id;
		const gaps = [norway.id];
		for (const [body, names] of [
			[{}, ["gaps", "state"]],
			[{ gaps: [], state: "open" }, ["gaps", "state"]],
			[{ gaps: ["x"], state: "closed" }, ["gaps"]],
			[{ gaps, state: "dismissed", answer }, ["answer"]],
			[{ gaps, state: "closed", answer }, ["answer"]],
			[{ gaps, state: "closed", answer: NOBODY }, ["answer"]],
		])
			assertFields(await drive(422, "POST", "gaps/close", body), names);
		await drive(400, "POST", "gaps/close", "[]");
		const long = { ...ADMIN, "content-length": "65537" };
		await drive(413, "POST", "gaps/close", undefined, long);
		const foreign = { gaps, state: "dismissed" };
		assert.deepEqual(await send(200, "POST", "gaps/close", foreign, headers), { closed: 0 });
		assert.deepEqual(await list("", headers), {
			clusters: [],
			clusterTotal: 0,
			total: 0,
			truncated: false,
		});
	});

	it("are erased with their conversations", async () => {
		const { conversation } = await ask("Do you sell left-handed scissors?");
		assert.equal((await list()).total, 5);
		await drive(204, "DELETE", `conversations/${conversation}`);
		assert.equal((await list()).total, 4);
	});

	it("are closed when an answer is published that they find", async () => {
		const { id } = await send(201, "POST", "answers", NORWAY);
		assert.equal((await list()).total, 4);
		await send(200, "PUT", `answers/${id}`, { published: true });
		await until("they are closed", async () => (await list()).total === 1);
		assert.deepEqual(await openNow(), ["Is the shop open on Sundays?"]);
		const gap = await getRecord(store.peer, "gap", { org: bare(ORG), id: bare(norway.id) });
		assert.deepEqual([gap.state, dashed(gap.answer)], [1, id]);
		assert.equal(await banter.metric("gaps_answered_total"), 3);
	});

	it("that were named are asked, too, and stay open if they find nothing", async () => {
		const sunday = await ask("When can I visit you on Sundays?");
		const stays = await ask("Which zebra quilts juggle umbrellas?");
		await send(201, "POST", "answers", {
			...{ question: "What are your opening hours?", published: true },
			...{ text: "You can visit us on Sundays from 9 to 5.", gaps: [sunday.id, stays.id] },
		});
		await until(
			"one is closed",
			async () => !(await openNow()).includes("When can I visit you on Sundays?"),
		);
		assert.ok((await openNow()).includes("Which zebra quilts juggle umbrellas?"));
	});

	it("are all closed, also of a cluster of hundreds", async () => {
		const { total } = await list();
		const asked = "Can you engrave a name on my teapot?";
		await times(450, () => ask(asked));
		assert.deepEqual((await list()).clusters[0].count, 450);
		await send(201, "POST", "answers", {
			...{ question: asked, text: "Yes, we engrave up to twelve letters.", published: true },
		});
		await until("they are closed", async () => (await list()).total === total);
	});

	it("stay open without searchd, which is logged", async () => {
		await ask("Can I pay with seashells?");
		await banter.searchd.stop();
		const { length } = banter.log.lines;
		await send(201, "POST", "answers", {
			...{ question: "Can I pay with seashells?", text: "No.", published: true },
		});
		await banter.log.waitFor("it was given up", ({ ev }) => ev === "gaps_not_asked", length);
		assert.ok((await openNow()).includes("Can I pay with seashells?"));
	});
});

describe("with an embedding model, open questions", () => {
	const env = { EMBEDDING_MODEL: "words-64", EMBEDDING_TIMEOUT_MS: "5000" };
	const banter = useBanter({ workers: 1, search: true, env });
	const store = usePeer(banter);
	const { send } = driverOf(banter);

	it("are asked again with their vectors, as for a reply", async () => {
		const { id } = await addGap(store.peer, "How do I get a parcel to Norway?");
		await send(201, "POST", "answers", { ...NORWAY, published: true, gaps: [id] });
		await until("it is closed", async () => (await send(200, "GET", "gaps")).total === 0);
		// The question of the answer, and the open one.
		assert.ok((await banter.model("stats")).embedded_texts >= 2);
	});
});

it("shows every documented status", () => contract.assertComplete("content-answers"));
