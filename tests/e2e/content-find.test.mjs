// What would be found: POST /v1/admin/find, with searchd. unit/storaged/search/passages has which passages fit best;
// this file has what the API makes of them.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { driver, SITE, useCrawler } from "./content.mjs";
import { Contract } from "./contract.mjs";
import { until, useBanter } from "./harness.mjs";
import { ADMIN, addOrganization, assertFields, NOBODY } from "./organizations.mjs";

const contract = new Contract();

/** A text about a thing: long enough for a source that is not given as a whole. */
const about = (thing, i) =>
	`Part ${i} of the manual describes the ${thing}. ${"Turn the handle slowly. ".repeat(30)}`;

describe("what is found for a question", () => {
	const banter = useBanter({ workers: 1, search: true });
	const crawler = useCrawler(banter);
	const drive = driver(contract, banter);
	const send = async (...request) => (await drive(...request)).json;
	const ask = (body, headers) => send(200, "POST", "find", body, headers);
	let help, wiki, agent;

	/** Waits until the passages of this question's hits are these. */
	const found = (body, titles) =>
		until(`${JSON.stringify(body)} finds ${titles}`, async () => {
			const answer = await banter.request("POST", "/v1/admin/find", { headers: ADMIN, body });
			if (answer.status !== 200) return false;
			contract.check("POST", "/v1/admin/find", answer);
			const { hits } = answer.json;
			return `${hits.map(({ title }) => title)}` === `${titles}` && answer.json;
		});

	before(async () => {
		help = (await send(201, "POST", "sources", SITE)).id;
		wiki = (await send(201, "POST", "sources", { name: "The wiki", kind: "pushed" })).id;
		agent = (
			await send(201, "POST", "agents", { name: "Help", knowledge: "some", sources: [help] })
		).id;
		await crawler.read(help, {
			...{ title: "Delivery", url: `${SITE.url}delivery` },
			texts: { Norway: "Parcels to Norway take five days.", Peru: "Parcels to Peru take a month." },
		});
		for (let i = 0; i < 30; i++)
			await crawler.read(help, {
				...{ title: `Manual ${i}`, url: `${SITE.url}manual/${i}` },
				texts: { Use: about("coffee grinder", i) },
			});
		await crawler.read(wiki, {
			...{ title: "Warehouse", url: "https://wiki.example/warehouse" },
			texts: { "": "The warehouse is closed on Sundays." },
		});
		await until("all is found", async () => (await ask({ question: "warehouse" })).chunks === 33);
	});

	it("is shown with its page and its place in it", async () => {
		const {
			hits,
			coverage,
			found: isFound,
			whole,
			chunks,
		} = await found({ question: "How long does a parcel to Norway take?", limit: 1 }, ["Delivery"]);
		const [{ page, score, ...hit }] = hits;
		assert.deepEqual(hit, {
			...{ kind: "page", source: help, answer: null, title: "Delivery", heading: "Norway" },
			...{ url: `${SITE.url}delivery#norway`, text: "Parcels to Norway take five days." },
		});
		const read = await send(200, "GET", `sources/${help}/pages/${page}`);
		assert.equal(read.title, "Delivery");
		assert.ok(score > 0 && coverage > 0.5 && coverage <= 1);
		assert.deepEqual([isFound, whole, chunks], [true, false, 33]);
	});

	it("is not found if too little of the question is covered", async () => {
		const { found: isFound } = await ask({ question: "Which zebra quilts juggle umbrellas?" });
		assert.equal(isFound, false);
	});

	it("is of the sources that are named, or that the agent has", async () => {
		const question = "When is the warehouse closed?";
		await found({ question, limit: 1 }, ["Warehouse"]);
		await found({ question, sources: [wiki], limit: 1 }, ["Warehouse"]);
		const none = ({ hits }) => hits.every(({ source }) => source === help);
		assert.ok(none(await ask({ question, agent })));
		assert.ok(none(await ask({ question, sources: [help] })));
		assert.deepEqual((await ask({ question, sources: [] })).hits, []);
		const without = (await send(201, "POST", "agents", { name: "Without" })).id;
		const { hits, found: isFound, chunks } = await ask({ question, agent: without });
		assert.deepEqual([hits, isFound, chunks], [[], false, 0]);
		assert.equal((await ask({ question, sources: [wiki] })).whole, true);
	});

	it("has nothing that was deleted, disabled or replaced, as soon as that is acknowledged", async () => {
		const page = await crawler.read(wiki, {
			...{ title: "Rooms", url: "https://wiki.example/rooms" },
			texts: { "": "The aquarium is in room seven." },
		});
		const question = "Where is the aquarium?";
		await found({ question, limit: 1 }, ["Rooms"]);
		await send(200, "PUT", `sources/${wiki}`, { enabled: false });
		const has = async () => (await ask({ question })).hits.some((hit) => hit.title === "Rooms");
		assert.equal(await has(), false);
		await send(200, "PUT", `sources/${wiki}`, { enabled: true });
		await found({ question, limit: 1 }, ["Rooms"]);
		await drive(204, "DELETE", `sources/${wiki}/pages/${page}`);
		assert.equal(await has(), false);
	});

	it("contains nothing of another organization", async () => {
		const { headers } = await addOrganization(banter, "Another");
		const question = "How long does a parcel to Norway take?";
		assert.deepEqual((await ask({ question }, headers)).hits, []);
		assert.deepEqual((await ask({ question, sources: [help] }, headers)).hits, []);
		assertFields(await drive(422, "POST", "find", { question, agent }, headers), ["agent"]);
	});

	it("is refused with what would be right", async () => {
		for (const [body, names] of [
			[{}, ["question"]],
			[{ question: " " }, ["question"]],
			[{ question: "x".repeat(4001) }, ["question"]],
			[{ question: "x", before: 1, limit: 51, extra: 1 }, ["before", "limit", "extra"]],
			[{ question: "x", agent: NOBODY }, ["agent"]],
			[{ question: "x", agent, sources: [] }, ["sources"]],
			[{ question: "x", sources: ["x"] }, ["sources"]],
			[{ question: "x", sources: Array.from({ length: 65 }, () => NOBODY) }, ["sources"]],
		])
			assertFields(await drive(422, "POST", "find", body), names);
		await drive(400, "POST", "find", "[]");
		const long = { ...ADMIN, "content-length": "131073" };
		await drive(413, "POST", "find", undefined, long);
	});

	it("needs searchd, and says so without it", async () => {
		await banter.searchd.stop();
		const { code, error } = await send(503, "POST", "find", { question: "x" });
		assert.deepEqual([code, typeof error], ["search_unavailable", "string"]);
		const { headers } = await drive(503, "POST", "find", { question: "x" });
		assert.equal(headers["retry-after"], "1");
	});
});

it("shows every documented status", () => contract.assertComplete("content-find"));
