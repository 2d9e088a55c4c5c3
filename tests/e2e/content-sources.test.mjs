// Sources, their pages, and content that clients store. What crawld reads is stored here by a peer in its place;
// unit/storaged/content has what storaged keeps of it.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "./accounts.mjs";
import { openStream } from "./client.mjs";
import { driver, FILES, SITE, useCrawler } from "./content.mjs";
import { Contract } from "./contract.mjs";
import { times, until, useBanter } from "./harness.mjs";
import { ADMIN, AGENT, assertFields, NOBODY, pagesOf } from "./organizations.mjs";

const contract = new Contract();
const banter = useBanter({ workers: 2 });
const drive = driver(contract, banter);
const send = async (...request) => (await drive(...request)).json;
const create = (source) => send(201, "POST", "sources", source);

const IDLE = {
	...{ state: "idle", error: null, asked: false, startedAt: null, endedAt: null, nextAt: null },
	...{ removing: 0, pages: { waiting: 0, read: 0, unread: 0 }, chunks: 0, bytes: 0 },
};

describe("a source", () => {
	const crawler = useCrawler(banter);

	it("has defaults, and shows the state of its crawl", async () => {
		const { id, createdAt, updatedAt, ...rest } = await create(SITE);
		assert.deepEqual(rest, {
			...SITE,
			...{ include: [], exclude: [], pagesMax: 1000, language: null, intervalMinutes: null },
			...{ enabled: true, state: IDLE },
		});
		assert.ok(createdAt > 0 && updatedAt >= createdAt);
		await crawler.says(id, { state: 3, error: "robots.txt is not readable", started_at: 1 });
		await crawler.read(id, { title: "A", url: `${SITE.url}a`, texts: { A: "One.", B: "Two." } });
		const { state } = await send(200, "GET", `sources/${id}`);
		const { state: name, error, startedAt, pages, chunks, bytes } = state;
		assert.deepEqual([name, error, startedAt], ["failed", "robots.txt is not readable", 1]);
		assert.deepEqual([pages, chunks, bytes], [{ waiting: 0, read: 1, unread: 0 }, 2, 8]);
		const { sources } = await send(200, "GET", "sources");
		assert.deepEqual(sources.find((one) => one.id === id).state, state);
	});

	it("is changed by its version, and keeps what is not named", async () => {
		const source = await create({ ...SITE, include: ["/help/"], language: "en" });
		const path = `sources/${source.id}`;
		const { headers, json } = await drive(200, "PUT", path, {
			exclude: ["/help/old/", "/*.pdf$"],
			intervalMinutes: 60,
			language: "pt-BR",
		});
		assert.deepEqual(json.include, ["/help/"]);
		assert.deepEqual(json.exclude, ["/help/old/", "/*.pdf$"]);
		assert.deepEqual([json.intervalMinutes, json.language], [60, "pt-BR"]);
		const old = { ...ADMIN, "if-match": `"${source.updatedAt}"` };
		const refused = await drive(412, "PUT", path, { enabled: false }, old);
		assert.deepEqual(refused.json.current, json);
		assert.equal(refused.headers.etag, headers.etag);
		const current = { ...ADMIN, "if-match": headers.etag };
		assert.equal((await send(200, "PUT", path, { enabled: false }, current)).enabled, false);
		// What a client has read, it may send back.
		const read = await send(200, "GET", path);
		assert.equal((await send(200, "PUT", path, { ...read, intervalMinutes: null })).enabled, false);
	});

	it("lists page by page", async () => {
		const get = (path) => send(200, "GET", path);
		const pages = await pagesOf(get, "sources", 1);
		const ids = pages.flatMap(({ sources }) => sources.map(({ id }) => id));
		const all = (await get("sources")).sources.map(({ id }) => id);
		assert.deepEqual(ids, all);
		await drive(400, "GET", "sources?limit=0");
	});

	const BAD = [
		[{}, ["kind", "name"]],
		[{ ...SITE, url: undefined }, ["url"]],
		[{ ...SITE, url: null }, ["url"]],
		[{ ...FILES, url: "https://shop.example/" }, ["url"]],
		...["ftp://a.example/", "shop.example", "https://", "https://a:b@c.example/", "https://é.fr/"]
			.concat([`https://a.example/${"x".repeat(2048)}`, "https://a.example/#b", 7])
			.map((url) => [{ ...SITE, url }, ["url"]]),
		[{ ...SITE, kind: "feed" }, ["kind"]],
		[{ ...SITE, include: ["help"] }, ["include"]],
		[{ ...SITE, include: "/help" }, ["include"]],
		[{ ...SITE, exclude: ["/a\n/b"] }, ["exclude"]],
		[{ ...SITE, exclude: Array(101).fill("/a") }, ["exclude"]],
		[{ ...SITE, exclude: Array(100).fill(`/${"a".repeat(50)}`) }, ["exclude"]],
		[{ ...SITE, pagesMax: 0 }, ["pagesMax"]],
		[{ ...SITE, pagesMax: 10_001 }, ["pagesMax"]],
		[{ ...SITE, pagesMax: null }, ["pagesMax"]],
		[{ ...SITE, intervalMinutes: 59 }, ["intervalMinutes"]],
		[{ ...SITE, intervalMinutes: 525_601 }, ["intervalMinutes"]],
		...["english", "e", "en-", "en--US", "en-1", "é", "1n"].map((language) => [
			{ ...SITE, language },
			["language"],
		]),
		[{ ...SITE, name: " ", extra: 1, id: NOBODY }, ["name", "extra", "id"]],
	];
	for (const [body, names] of BAD)
		it(`is refused with ${names}: ${JSON.stringify(body).slice(0, 90)}`, async () => {
			assertFields(await drive(422, "POST", "sources", body), names);
		});

	it("says what would be valid", async () => {
		const body = {
			...SITE,
			url: "x",
			include: ["x"],
			pagesMax: 0,
			language: "x",
			intervalMinutes: 1,
		};
		const { fields } = await send(422, "POST", "sources", body);
		assert.match(
			fields.url,
			/^must be an http:\/\/ or https:\/\/ URL with a host and without a user/,
		);
		assert.match(fields.include, /^must be a list of at most 100 patterns that begin with \//);
		assert.equal(fields.pagesMax, "must be a whole number from 1 to 10000");
		assert.match(fields.language, /such as en or pt-BR, or null$/);
		assert.match(fields.intervalMinutes, /from 60 to 525600/);
	});

	it("never changes its kind", async () => {
		const { id } = await create(SITE);
		assertFields(await drive(422, "PUT", `sources/${id}`, { kind: "page" }), ["kind"]);
		assert.equal((await send(200, "PUT", `sources/${id}`, { kind: "site" })).kind, "site");
	});

	it("is read again when an owner asks, unless it cannot be", async () => {
		const { id } = await create(SITE);
		assert.equal((await send(202, "POST", `sources/${id}/crawl`)).asked, true);
		await crawler.says(id, { state: 1, started_at: Date.now() + 1000 });
		const { asked, state } = (await send(200, "GET", `sources/${id}`)).state;
		assert.deepEqual([asked, state], [false, "running"]);
		await send(200, "PUT", `sources/${id}`, { enabled: false });
		assert.equal((await send(409, "POST", `sources/${id}/crawl`)).code, "disabled");
		const files = await create(FILES);
		assert.equal((await send(409, "POST", `sources/${files.id}/crawl`)).code, "wrong_kind");
	});

	it("waits for the owner's decision about pages that a crawl would remove", async () => {
		const { id } = await create(SITE);
		const path = `sources/${id}/removal`;
		assert.equal((await send(409, "POST", path, { decision: "keep" })).code, "not_waiting");
		await crawler.says(id, { state: 2, removing: 40 });
		for (const decision of ["keep", "remove"]) {
			const { state, removing } = await send(202, "POST", path, { decision });
			assert.deepEqual([state, removing], ["waits", 40]);
		}
		assertFields(await drive(422, "POST", path, { decision: "perhaps" }), ["decision"]);
	});

	it("is deleted with its pages, and agents forget it", async () => {
		const [one, two] = [await create(SITE), await create(SITE)];
		await Promise.all(
			Array.from({ length: 40 }, (_, i) =>
				crawler.read(one.id, {
					title: `${i}`,
					url: `${SITE.url}${i}`,
					texts: { A: "x".repeat(5000) },
				}),
			),
		);
		const agent = { knowledge: "some", sources: [one.id, two.id] };
		await send(200, "PUT", `agents/${AGENT}`, agent);
		await drive(204, "DELETE", `sources/${one.id}`);
		for (const [method, path, body] of [
			["GET", ""],
			["PUT", "", {}],
			["DELETE", ""],
			["POST", "/crawl"],
			["POST", "/removal", { decision: "keep" }],
			["GET", "/pages"],
			["GET", `/pages/${NOBODY}`],
			["DELETE", `/pages/${NOBODY}`],
			["PUT", "/content"],
		])
			await drive(404, method, `sources/${one.id}${path}`, body);
		const { sources, knowledge, updated_at } = await send(200, "GET", `agents/${AGENT}`);
		assert.deepEqual([sources, knowledge], [[two.id], "some"]);
		const { agents } = await send(200, "GET", "agents");
		assert.deepEqual(agents.find(({ id }) => id === AGENT).sources, [two.id]);
		const refused = await drive(422, "PUT", `agents/${AGENT}`, { sources: [one.id] });
		assertFields(refused, ["sources"]);
		assert.equal((await send(200, "GET", `agents/${AGENT}`)).updated_at, updated_at);
		await send(200, "PUT", `agents/${AGENT}`, { knowledge: "none", sources: [] });
	});

	it("limits what an agent does without an answer to what it knows", async () => {
		const set = (status, body) => send(status, "PUT", `agents/${AGENT}`, body);
		const said = await set(200, { notFound: "fixed", notFoundText: "We do not know." });
		assert.deepEqual([said.notFound, said.notFoundText], ["fixed", "We do not know."]);
		const { fields } = await set(422, {
			knowledge: 1,
			sources: ["x"],
			notFound: "no",
			notFoundText: 1,
		});
		assert.deepEqual(Object.keys(fields), ["knowledge", "sources", "notFound", "notFoundText"]);
		const back = await set(200, { notFound: "say", notFoundText: null });
		assert.deepEqual([back.notFound, back.notFoundText], ["say", null]);
	});

	it("is refused as a body that is no object, or too long: 400, 413", async () => {
		const { id } = await create(SITE);
		for (const [method, path, max] of [
			["POST", "sources", 65_536],
			["PUT", `sources/${id}`, 65_536],
			["POST", `sources/${id}/removal`, 4096],
		]) {
			await drive(400, method, path, "[]");
			await drive(413, method, path, undefined, { ...ADMIN, "content-length": `${max + 1}` });
		}
		const long = { ...ADMIN, "content-length": "4097" };
		await drive(413, "POST", `sources/${id}/crawl`, undefined, long);
		for (const [method, path, body] of [
			["GET", "sources/x"],
			["PUT", "sources/x", {}],
			["DELETE", "sources/x"],
			["POST", "sources/x/crawl"],
			["POST", "sources/x/removal", { decision: "keep" }],
			["GET", "sources/x/pages"],
			["GET", `sources/${id}/pages/x`],
			["DELETE", `sources/${id}/pages/x`],
			["PUT", "sources/x/content", "x"],
		])
			await drive(400, method, path, body);
	});
});

describe("pages", () => {
	const crawler = useCrawler(banter);
	let source;

	before(async () => {
		source = (await create(SITE)).id;
		for (const name of ["delivery", "returns", "prices"])
			await crawler.read(source, {
				...{ title: `About ${name}`, url: `${SITE.url}${name}` },
				texts: { Norway: `All about ${name}.`, "": "The rest." },
			});
		await crawler.read(source, {
			...{ title: "", url: `${SITE.url}secret`, texts: {}, state: 2, reason: 5 },
			detail: "a form with a password",
		});
	});

	const list = async (query = "") =>
		(await send(200, "GET", `sources/${source}/pages${query}`)).pages;

	it("are listed with their state and reason, by state and by words", async () => {
		assert.equal((await list()).length, 4);
		const [unread] = await list("?state=unread");
		const { title, state, reason, detail } = unread;
		assert.deepEqual(
			[title, state, reason, detail],
			[null, "unread", "login", "a form with a password"],
		);
		assert.deepEqual(
			(await list("?state=read&q=about+RETURNS")).map(({ url }) => url),
			[`${SITE.url}returns`],
		);
		assert.deepEqual(await list("?state=waiting"), []);
		for (const wrong of ["state=x", "q=", `q=${"x".repeat(255)}`, "limit=201", "cursor=x"])
			await drive(400, "GET", `sources/${source}/pages?${wrong}`);
		const pages = await pagesOf((path) => send(200, "GET", path), `sources/${source}/pages`, 3);
		assert.equal(pages.flatMap((one) => one.pages).length, 4);
	});

	it("are in the change feed with their source", async () => {
		const stream = await openStream(banter.url, "/v1/admin/events?kinds=source,page,answer", ADMIN);
		await until("the stream has its position", () => stream.sse.id !== "");
		const own = (await create(SITE)).id;
		const page = await crawler.read(own, {
			...{ title: "A", url: `${SITE.url}a`, texts: { A: "A." } },
		});
		await drive(204, "DELETE", `sources/${own}/pages/${page}`);
		const answer = await send(201, "POST", "answers", { question: "A?", text: "A." });
		const row = { kind: "page", id: page, sourceId: own };
		const events = [];
		while (events.at(-1)?.kind !== "answer") {
			const { seq, ...event } = await stream.next();
			assert.ok(seq > 0);
			events.push(event);
		}
		assert.deepEqual(
			events.filter(({ id }) => [own, page, answer.id].includes(id)),
			[
				{ kind: "source", id: own, change: "created" },
				{ ...row, change: "created" },
				{ ...row, change: "deleted" },
				{ kind: "answer", id: answer.id, change: "created" },
			],
		);
		stream.leave();
	});

	it("show the passages that a reply can quote", async () => {
		const [{ id }] = await list("?q=delivery");
		const { passages, chunks, bytes } = await send(200, "GET", `sources/${source}/pages/${id}`);
		assert.deepEqual(passages, [
			...[
				{
					index: 0,
					heading: "Norway",
					anchor: "norway",
					language: "en",
					text: "All about delivery.",
				},
			],
			...[{ index: 1, heading: null, anchor: null, language: "en", text: "The rest." }],
		]);
		assert.deepEqual([chunks, bytes], [2, 28]);
		await drive(404, "GET", `sources/${source}/pages/${NOBODY}`);
	});

	it("are shown completely, however long they are", async () => {
		const texts = Object.fromEntries(
			Array.from({ length: 140 }, (_, i) => [`H${i}`, "x".repeat(5000)]),
		);
		const id = await crawler.read(source, { title: "Long", url: `${SITE.url}long`, texts });
		const { passages } = await send(200, "GET", `sources/${source}/pages/${id}`);
		assert.deepEqual(
			passages.map(({ index }) => index),
			[...Array(140).keys()],
		);
	});

	it("are deleted, repeatedly", async () => {
		const [{ id }] = await list("?q=prices");
		const path = `sources/${source}/pages/${id}`;
		await drive(204, "DELETE", path);
		await drive(204, "DELETE", path);
		await drive(404, "GET", path);
		assert.deepEqual(await list("?q=prices"), []);
	});
});

describe("content", () => {
	const PLAIN = { ...ADMIN, "content-type": "text/plain; charset=utf-8" };
	const crawler = useCrawler(banter);
	let files;

	before(async () => {
		files = (await create(FILES)).id;
	});

	const put = (status, query, body = "Two for one.", headers = PLAIN, source = files) =>
		drive(status, "PUT", `sources/${source}/content?${query}`, body, headers);
	const pageOf = async (id) =>
		(await crawler.pages(files)).find((page) => page.id === id.replaceAll("-", ""));

	it("waits as a page, with the bytes that were sent", async () => {
		const { page } = (await put(202, "url=prices%202026.txt&title=All+prices")).json;
		const { url, title, type, upload } = await pageOf(page);
		assert.deepEqual([url, title], ["prices 2026.txt", "All prices"]);
		assert.match(type, /^text\/plain/);
		assert.equal(`${await crawler.upload(upload)}`, "Two for one.");
		const shown = await send(200, "GET", `sources/${files}/pages/${page}`);
		assert.deepEqual([shown.state, shown.title, shown.passages], ["waiting", "All prices", []]);
		const again = (await put(202, "url=prices+2026.txt", "Three for one.")).json;
		assert.equal(again.page, page);
		assert.equal(`${await crawler.upload((await pageOf(page)).upload)}`, "Three for one.");
		assert.equal(await banter.metric("content_stored_total"), 2);
		assert.deepEqual((await send(200, "GET", `sources/${files}`)).state.pages, {
			...{ waiting: 1, read: 0, unread: 0 },
		});
	});

	it("of any size up to 20 MiB arrives unchanged", async () => {
		const body = Buffer.alloc(20 << 20, (i) => i);
		for (let i = 0; i < body.length; i += 4096) body.writeUInt32LE(i, i);
		const { page } = (
			await put(202, "url=large.pdf", body, { ...ADMIN, "content-type": "application/pdf" })
		).json;
		assert.ok(body.equals(await crawler.upload((await pageOf(page)).upload)));
	});

	it("of an address is pushed by a program", async () => {
		const pushed = (await create({ name: "The wiki", kind: "pushed" })).id;
		const html = { ...ADMIN, "content-type": "TEXT/HTML" };
		const url = encodeURIComponent("https://wiki.example/a?b=c+d");
		await put(202, `url=${url}`, "<h1>A</h1>", html, pushed);
		const [page] = await crawler.pages(pushed);
		assert.equal(page.url, "https://wiki.example/a?b=c+d");
		const refused = await put(422, "url=prices.pdf", "x", html, pushed);
		assertFields(refused, ["url"]);
		assert.equal(refused.json.reasons.url.code, "content_url");
	});

	it("keeps a type that fits, and cuts one with more spaces or parameters than fit", async () => {
		const typed = async (type) => {
			const { page } = (await put(202, "url=typed.txt", "x", { ...ADMIN, "content-type": type }))
				.json;
			return (await pageOf(page)).type;
		};
		// The second wrote 92 bytes past a buffer of 100 (seen as a crash of the worker).
		for (const tail of [
			"",
			`${" ".repeat(91)};a=b`,
			`${"\t".repeat(4000)};a=b`,
			`;a=${"b".repeat(99)}`,
		])
			assert.equal(await typed(`text/plain${tail}`), "text/plain");
		assert.equal(await typed("text/plain ;charset=latin1"), "text/plain ;charset=latin1");
	});

	it("is refused with what would be right", async () => {
		assert.equal(
			(await put(413, "url=a", undefined, { ...PLAIN, "content-length": "20971521" })).json.code,
			"body_too_large",
		);
		for (const type of [undefined, "image/png", "application/octet-stream", "text/plainer", ""]) {
			const headers =
				type === undefined
					? { ...ADMIN, "content-type": "application/json" }
					: { ...ADMIN, "content-type": type };
			assert.equal((await put(415, "url=a", "x", headers)).json.code, "unsupported_type");
		}
		for (const query of [
			"",
			"url=",
			"url=+",
			"url=a&url=b",
			"url=%ff",
			"url=a%0ab",
			`url=${"x".repeat(2049)}`,
			"url=ftp%3A%2F%2Fa",
		])
			assertFields(await put(422, query), ["url"]);
		for (const query of ["title=", `title=${"x".repeat(601)}`, "title=%09"])
			assertFields(await put(422, `url=a&${query}`), ["title"]);
		assertFields(await put(422, "url=a", ""), ["body"]);
		const site = (await create(SITE)).id;
		assert.equal((await put(409, "url=a", "x", PLAIN, site)).json.code, "wrong_kind");
		const { "content-length": _, ...chunked } = { ...PLAIN, "transfer-encoding": "chunked" };
		assert.equal(
			(await drive(411, "PUT", `sources/${files}/content?url=a`, undefined, chunked)).json.code,
			"length_required",
		);
		const few = (await create({ ...FILES, pagesMax: 1 })).id;
		await put(202, "url=a", "x", PLAIN, few);
		assert.equal((await put(409, "url=b", "x", PLAIN, few)).json.code, "limit_reached");
		await put(202, "url=a", "y", PLAIN, few);
	});

	/** Sends files of 3 MiB at the same time; resolves to those that were acknowledged. */
	async function sendMany(kind, disturb) {
		const start = await banter.metric('http_requests_total{route="sources_content",status="202"}');
		const send = async (i) => {
			const name = `${kind}-${i}.txt`;
			const body = Buffer.alloc(3 << 20, `${name} `);
			const path = `/v1/admin/sources/${files}/content?url=${name}`;
			const answer = await banter
				.request("PUT", path, { headers: PLAIN, body })
				.catch(() => undefined);
			return answer?.status === 202 ? { name, body, page: answer.json.page } : undefined;
		};
		const sent = times(12, send);
		await disturb(start);
		return (await sent).filter((one) => one !== undefined);
	}

	/** Waits until some of the content is stored, and not all. */
	const midway = (start) =>
		until("some content is stored", async () => {
			const now = await banter
				.metric('http_requests_total{route="sources_content",status="202"}')
				.catch(() => 0);
			return now > start;
		});

	for (const [what, disturb] of [
		[
			"a worker",
			async (start) => {
				await midway(start);
				await banter.killWorkers([banter.workerPids()[0]]);
			},
		],
		[
			"storaged",
			async (start) => {
				await midway(start);
				banter.storaged.kill("SIGKILL");
			},
		],
	])
		it(`that was acknowledged is complete after a kill of ${what}, and nothing is half`, async () => {
			const kind = what.replace(" ", "-");
			const stored = await sendMany(kind, disturb);
			await banter.ready();
			assert.ok(stored.length > 0);
			await crawler.reopen();
			const pages = await crawler.pages(files);
			for (const { name, body, page } of stored) {
				const found = pages.find(({ url }) => url === name);
				assert.equal(found.id, page.replaceAll("-", ""));
				assert.ok(body.equals(await crawler.upload(found.upload)));
			}
			for (const { url, upload } of pages.filter((one) => one.url.startsWith(`${kind}-`)))
				assert.equal((await crawler.upload(upload)).length, 3 << 20, url);
		});
});

it("members read, and owners change", async () => {
	const member = await logIn(banter, await addUser(banter, "anna@content.example", "--member"));
	const { id } = await create(SITE);
	const files = (await create(FILES)).id;
	for (const path of ["sources", `sources/${id}`, `sources/${id}/pages`])
		await drive(200, "GET", path, undefined, member);
	for (const [method, path, body] of [
		["POST", "sources", SITE],
		["PUT", `sources/${id}`, {}],
		["DELETE", `sources/${id}`],
		["POST", `sources/${id}/crawl`],
		["POST", `sources/${id}/removal`, { decision: "keep" }],
		["DELETE", `sources/${id}/pages/${NOBODY}`],
		["PUT", `sources/${files}/content?url=a`, "x"],
	])
		assert.equal((await send(403, method, path, body, member)).code, "owners_only");
	const { origin: _, ...foreign } = await logIn(
		banter,
		await addUser(banter, "owner@content.example"),
	);
	await drive(403, "POST", "sources", SITE, foreign);
});

it("an organization has at most 100 sources", async () => {
	const { sources } = await send(200, "GET", "sources");
	await times(100 - sources.length, () => create(FILES));
	assert.equal((await send(409, "POST", "sources", FILES)).code, "limit_reached");
});

it("shows every documented status", () => contract.assertComplete("content-sources"));
