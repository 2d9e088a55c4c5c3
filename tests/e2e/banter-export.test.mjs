// An export contains everything; importing and exporting again gives the same bytes.

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { newId as bareId } from "../faults/ids.mjs";
import { putRequest } from "../faults/records.mjs";
import { TABLE } from "../faults/table.mjs";
import { encodePayload } from "../faults/wire.mjs";
import { logIn } from "./accounts.mjs";
import { PASSWORD, until, withBanter } from "./harness.mjs";
import {
	addOrganization,
	adminExpect,
	bare,
	connectToStore,
	openVisitor,
	storeTurn,
	submitContact,
} from "./organizations.mjs";
import {
	expectTool,
	feedTool,
	loginLine,
	makeExport,
	newId,
	ORG,
	parseLines,
	shell,
	startTool,
	toLines,
	WIDGET,
} from "./tool.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

/** Of the exports that these tests write: they have no checksum. */
const HEAD = { kind: "banter", format: 1 };
const NO_SUM = /^banter: the export has no checksum, as those of an older banter/;

async function exported(banter, ...args) {
	return (await expectTool(banter, 0, "export", ...args)).stdout;
}

/** The lines of an export without those of a new store, and without the first and the last line. */
function contentOf(text) {
	const kinds = ["banter", "agent", "widget", "org", "end"];
	return parseLines(text).filter(({ kind }) => !kinds.includes(kind));
}

/** Checks that the store contains what was imported. */
async function assertStored(banter, text) {
	const [now, before] = [await exported(banter), text].map((one) => toLines(contentOf(one)));
	assert.ok(now === before, "the export is what was imported");
}

const imported = (banter, status, text) => feedTool(banter, text, status, "import", "-");

/** Imports the export into an empty store, twice, and exports that; then calls check(banter). */
async function expectRoundTrip(text, check = () => {}) {
	await withBanter({ workers: 1 }, async (empty) => {
		for (let i = 0; i < 2; i++) {
			await imported(empty, 0, text);
			assert.equal(await exported(empty), text);
		}
		await expectTool(empty, 0, "verify");
		await check(empty);
	});
}

function chatNamed(banter, session, message, name) {
	return banter.chat(session, message, { headers: { "idempotency-key": name } });
}

/** Stores replies: complete with and without a client id, interrupted, and with text that needs escaping. */
async function fill(banter) {
	await chatNamed(banter, "plain", "[[tokens=3]] hello", "first:message-1");
	await banter.chat("plain", "[[tokens=3]] again");
	await banter.chat("difficult", '[[reply=unicode]] \u0001 "\\\u2028 \u{1f600} \u007f </script>');
	const stream = await banter.stream("dead", "[[tokens=40 hang-after=20]] never ends");
	await stream.next();
	await until("its text is kept", async () => /"t0 .*t19 /.test(await exported(banter)));
	await banter.killWorkers(banter.workerPids());
	stream.socket.destroy();
	await until("it is interrupted", async () =>
		(await banter.conversations()).conversations.some((one) => one.lastMessage.startsWith("t0 t1")),
	);
	await banter.ready();
}

/** Adds an organization with records of each kind; resolves to its id and the headers of a session. */
async function addRecords(banter) {
	const { org, headers } = await addOrganization(banter, "Other");
	const post = (kind, members) => adminExpect(banter, 201, "POST", kind, members, headers);
	const agent = { name: "Shop", purpose: "Sell tea.", temperature: 0.701, model: "tea-1" };
	await post("widgets", {
		agent_id: (await post("agents", agent)).id,
		name: "Shöp 👋",
		position: "bottom_left",
		contact_info_mode: "required",
		collect_email: true,
		allowed_origins: ["https://example.com"],
		daily_message_cap: 7,
		retention_days: 3650,
		budget_text: "Tomorrow.",
		settings: { theme: "dark", texts: { de: { send: "Los" } } },
		enabled: false,
	});
	await post("keys", { kind: "widget", name: "shop" });
	await post("invitations", { role: "member", email: "soon@example.com" });
	const models = { "tea-1": { inputPerMillion: 0.25, outputPerMillion: 1 } };
	await adminExpect(banter, 200, "PUT", "prices", { models, currency: "EUR" }, headers);
	const [{ id }] = (await adminExpect(banter, 200, "GET", "widgets", undefined, headers)).widgets;
	const path = `widgets/${id}/reset-id`;
	const { widget_id } = await adminExpect(banter, 200, "POST", path, undefined, headers);
	const peer = await connectToStore(banter);
	const visitor = await openVisitor(peer, widget_id);
	await storeTurn(visitor);
	await submitContact(visitor, { name: "Zoe", email: "Zoe@example.com", phone: "+49 30 1" });
	const erased = await storeTurn(await openVisitor(peer, widget_id)); // whose numbers are kept
	await adminExpect(banter, 204, "DELETE", `conversations/${erased}`, undefined, headers);
	peer.close();
	return { org, headers };
}

/** A list of encoded records, as in SOURCES_RECORD. */
function listOf(name, items) {
	const parts = items.map((item) => encodePayload(TABLE[name], item));
	return Buffer.concat(
		parts.flatMap((bytes) => {
			const length = Buffer.alloc(4);
			length.writeUInt32LE(bytes.length);
			return [length, bytes];
		}),
	);
}

/** A source with a page, an answer, and a reply with sources that leaves a gap. */
async function addContent(banter) {
	const [peer, crawler] = [await connectToStore(banter), await connectToStore(banter, "CRAWL")];
	const org = bare(ORG);
	const [source, id] = [bareId(), bareId()];
	const put = (kind, record) => peer.ask("record_put", putRequest(kind, record, 1), "record");
	await put("source", { v: 1, id: source, org, name: "Döcs", kind: 3, enabled: 1 });
	await put("answer", { v: 1, id: bareId(), org, question: "Q\u0001", text: "A", published: 1 });
	const page = { v: 1, id, org, source, url: "https://a.example/", title: "T", state: 1 };
	const chunks = ["one \u2028", 'two "quoted"'].map((text, i) => ({
		v: 1,
		heading: "H > I",
		anchor: "i",
		text,
		hash: String(i).repeat(64),
	}));
	await crawler.ask("source_page_put", { page, text: 1, chunks }, "ok");
	const begin = { org, widget: bare(WIDGET), session: "asks", history: 1, text: "Do you ship?" };
	const turn = bareId();
	const ids = { conversation: bareId(), message: bareId(), turn };
	await peer.ask("turn_begin", { ...begin, ...ids }, "turn_begun");
	const sources = {
		outcome: 2,
		passages: listOf("sources_passage", [{ n: 1, source, id, score: 7, title: "T", url: "u" }]),
		marks: listOf("sources_mark", [{ at: 2, n: 1 }]),
	};
	await peer.ask("turn_finish", { turn, run: turn, text: "No.", sources }, "ok");
	peer.close();
	crawler.close();
}

/** All that the admin API shows to these credentials. */
async function shown(banter, headers) {
	const get = (path) => adminExpect(banter, 200, "GET", path, undefined, headers);
	const all = {};
	for (const kind of [
		...["conversations", "widgets", "agents", "contacts", "users", "keys"],
		...["invitations", "prices"],
	]) {
		const json = await get(kind);
		all[kind] = json[kind] ?? json;
	}
	for (const by of ["day", "widget", "agent"]) all[by] = (await get(`numbers?by=${by}`)).rows;
	for (const agent of all.agents) delete agent.base_url; // of the settings
	for (const one of all.conversations) one.thread = await get(`conversations/${one._id}`);
	return all;
}

describe("banter export", () => {
	it("contains everything, and an import restores it identically", async () => {
		let text;
		let reply;
		const sessions = []; // with what they are shown
		await withBanter({ workers: 1 }, async (banter) => {
			await fill(banter);
			reply = (await chatNamed(banter, "visitor", "[[tokens=3]] hello", "m-1")).json;
			const { headers: other } = await addRecords(banter);
			await addContent(banter);
			for (const headers of [await logIn(banter, { password: PASSWORD }), other])
				sessions.push([headers, await shown(banter, headers)]);
			text = await exported(banter);
			const all = parseLines(text);
			assert.deepEqual(all[0], { kind: "banter", format: 2 });
			for (const kind of ["source", "source_page", "answer", "gap"])
				assert.equal(all.filter((line) => line.kind === kind).length, 1, kind);
			const { passages, marks } = all.find(({ outcome }) => outcome === "no_answer");
			assert.deepEqual([passages[0].title, marks], ["T", [{ at: 2, n: 1 }]]);
			const { xxh3, ...end } = all.at(-1);
			assert.deepEqual(end, { kind: "end", lines: all.length - 1 });
			assert.match(xxh3, /^[0-9a-f]{16}$/);
		});
		await expectRoundTrip(text, async (banter) => {
			for (const [headers, before] of sessions)
				assert.deepEqual(await shown(banter, headers), before);
			// A message that is sent again is recognized.
			const again = (message) => chatNamed(banter, "visitor", message, "m-1");
			assert.deepEqual((await again("[[tokens=3]] hello")).json, reply);
			assert.equal(await banter.modelCalls("hello"), 0);
			assert.equal((await again("other")).status, 409);
		});
	});

	it("is reported by storaged while its reader hangs, and killed at STORE_SNAPSHOT_MAX_BYTES", async () => {
		const env = { STORE_SNAPSHOT_MAX_BYTES: "1M" };
		await withBanter({ workers: 1, env }, async (banter) => {
			await feedTool(banter, makeExport(400, "x".repeat(2000)), 0, "import", "-");
			const hanging = startTool(banter, ["export"], { held: true });
			await hanging.began;
			await banter.chat("first", "[[tokens=1]]");
			const status = await expectTool(banter, 0, "status");
			assert.match(
				status.stdout,
				/^reader +process \d+ has read .* storaged kills it at 1\.0 MiB/ms,
			);
			for (let i = 0; i < 30; i++) await banter.chat("more", "[[tokens=1]]");
			await until("it is killed", () => hanging.exitCode !== null);
			hanging.release();
			const { status: exit, stderr } = await hanging.ended;
			assert.equal(exit, 75, stderr);
			assert.match(stderr, /reader_killed/);
			const line = await banter.log.waitFor("a killed reader", ({ ev }) => ev === "reader_killed");
			assert.ok(Number(line.bytes) > 2 ** 20);
			assert.equal(
				JSON.parse((await expectTool(banter, 0, "status", "--json")).stdout).reader_pid,
				0,
			);
		});
	});

	it("contains a running reply as interrupted", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			await banter.chat("other", "[[tokens=2]]");
			const headers = { "idempotency-key": "m-1" };
			const stream = await banter.stream("open", "[[tokens=40 hang-after=20]]", { headers });
			const { conversationId } = await stream.next();
			const running = await until("its text is kept", async () => {
				const text = await exported(banter);
				return /t0 t1 .*t19 /.test(text) && text;
			});
			const own = parseLines(running).filter((line) => line.conversation === conversationId);
			const found = own.map(({ kind, seq, status }) => `${kind} ${seq} ${status}`).join(", ");
			assert.equal(found, "message 1 complete, message 2 interrupted, client_id 1 undefined");
			await expectRoundTrip(running);
		});
	});

	it("contains only the requested time and organization", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			for (const session of ["one", "two"]) await banter.chat(session, "[[tokens=2]]");
			const { org } = await addRecords(banter);
			const all = parseLines(await exported(banter));
			const [{ updatedAt }] = (await banter.conversations()).conversations;
			const kinds = async (...args) =>
				parseLines(await exported(banter, ...args)).map(({ kind }) => kind);
			const since = await kinds("--since", String(updatedAt), "--org", ORG);
			assert.equal(since.filter((kind) => kind === "conversation").length, 1);
			const future = await kinds("--since", "9999-01-01", "--org", ORG);
			assert.deepEqual(future, ["banter", "agent", "widget", "org", "end"]);
			const own = all.filter((line) => [line.org, line.id].includes(org));
			const ids = own.flatMap(({ id }) => id ?? []);
			const found = parseLines(await exported(banter, "--org", org)).slice(1, -1);
			const isOwn = (line) => own.includes(line) || ids.includes(line.conversation);
			assert.deepEqual(found, all.filter(isOwn));
			const file = join(banter.dir, "export");
			const unknown = ["--org", newId(), "--output", file];
			const { stderr } = await expectTool(banter, 66, "export", ...unknown);
			assert.match(stderr, /no such organization/);
			assert.ok(!existsSync(file));
		});
	});

	it("writes a file that appears only when complete", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			await banter.chat("one", "[[tokens=2]]");
			const file = join(banter.dir, "export");
			await expectTool(banter, 0, "export", "--output", file);
			assert.equal(readFileSync(file, "utf8"), await exported(banter));
			assert.equal(statSync(file).mode & 0o777, 0o600);
			await expectTool(banter, 73, "export", "--output", file);
			await expectTool(banter, 0, "export", "--output", file, "--force");
			await expectTool(banter, 0, "import", file);
			const full = await shell(banter, `ulimit -f 0; "$BANTER" export --output ${file}.full`);
			assert.equal(full.status, 74, full.stderr);
			assert.equal(existsSync(`${file}.full`), false);
			// A closed pipe is not an error.
			await imported(banter, 0, makeExport(2, "x".repeat(200_000)));
			const head = await shell(banter, `"$BANTER" export | head -n 1`);
			assert.deepEqual([head.stdout, head.stderr], ['{"kind":"banter","format":2}\n', ""]);
		});
	});
});

const rawId = (id) => Buffer.from(id.replaceAll("-", ""), "hex");

/** The bytes of a time in a key that sorts the newest first. */
function invertedTime(ms) {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64BE(~BigInt(ms) & 0xffff_ffff_ffff_ffffn);
	return bytes;
}

/** Stops storaged and changes the bytes of the store; resolves to the errors and the text of an export. */
async function exportDamaged(banter, change) {
	await banter.stopStore();
	const path = join(banter.dir, "data", "data.mdb");
	const bytes = readFileSync(path);
	change(bytes);
	writeFileSync(path, bytes);
	const file = join(banter.dir, "saved");
	const { stderr } = await expectTool(banter, 65, "export", "--output", file);
	return { stderr, text: readFileSync(file, "utf8") };
}

describe("banter export of a damaged store", () => {
	it("saves all readable records", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			await chatNamed(banter, "damaged", "[[tokens=2]] unreadable", "unreadable-name");
			await chatNamed(banter, "damaged", "[[tokens=2]] readable", "a-name");
			await banter.chat("fine", "[[tokens=2]] readable");
			const before = parseLines(await exported(banter));
			const { stderr, text } = await exportDamaged(banter, (bytes) => {
				// Texts with invalid UTF-8.
				for (let at = bytes.indexOf("unreadable"); at !== -1; at = bytes.indexOf("unreadable", at))
					bytes[at] = 0xff;
			});
			assert.match(stderr, /message 1 of conversation .* cannot be read and is left out/);
			assert.match(stderr, /a client id cannot be read and is left out/);
			assert.match(stderr, /run banter verify/);
			const readable = before.filter((line) => !/unreadable/.test(line.text ?? line.client_id));
			assert.deepEqual(parseLines(text).slice(0, -1), readable.slice(0, -1));
			await expectTool(banter, 1, "verify");
		});
	});

	it("saves the messages of conversations whose records lie on a damaged page", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			await imported(banter, 0, makeExport(60, "a reply of some length"));
			const before = parseLines(await exported(banter));
			const { id } = before.filter(({ kind }) => kind === "conversation")[30];
			const { stderr, text } = await exportDamaged(banter, (bytes) => {
				const record = Buffer.concat([rawId(id), Buffer.from([1]), rawId(id)]);
				for (let at = bytes.indexOf(record); at !== -1; at = bytes.indexOf(record)) {
					const page = at - (at % 4096);
					bytes.fill(0, page, page + 4096);
				}
			});
			assert.match(stderr, new RegExp(`the record of conversation ${id} cannot be read`));
			const sorted = (lines) =>
				lines
					.slice(1, -1)
					.map((line) => JSON.stringify(line))
					.sort();
			assert.deepEqual(sorted(parseLines(text)), sorted(before));
		});
	});

	it("saves the messages of a conversation whose own record is damaged, if its owner is known", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			for (const session of ["no-record", "no-session", "no-owner"])
				await banter.chat(session, "[[tokens=2]] hello");
			const before = parseLines(await exported(banter));
			const [record, session, owner] = before.filter(({ kind }) => kind === "conversation");
			const { stderr, text } = await exportDamaged(banter, (bytes) => {
				const flipAfter = (...parts) => {
					const all = Buffer.concat(parts.map((part) => Buffer.from(part)));
					for (let at = bytes.indexOf(all); at !== -1; at = bytes.indexOf(all, at + 1))
						bytes[at + all.length] ^= 1;
				};
				for (const { id } of [record, session, owner]) flipAfter(rawId(id), [1], rawId(id));
				flipAfter("no-session", rawId(session.id).subarray(0, 15));
				flipAfter(rawId(owner.org), rawId(owner.widget), invertedTime(owner.updated_at));
			});
			for (const { id } of [record, session])
				assert.match(stderr, new RegExp(`the record of conversation ${id} cannot be read`));
			assert.match(
				stderr,
				new RegExp(`conversation ${owner.id}, with its messages, cannot be read`),
			);
			const saved = before
				.filter(({ id, conversation }) => ![id, conversation].includes(owner.id))
				.map((line) => (line === session ? { ...line, session: `recovered-${line.id}` } : line));
			assert.deepEqual(parseLines(text).slice(0, -1), saved.slice(0, -1));
			await withBanter({ workers: 1 }, async (fresh) => {
				await imported(fresh, 0, text);
				await expectTool(fresh, 0, "verify");
			});
		});
	});
});

for (const n of [27, 32])
	it(`a widget whose public id has ${n} characters is imported, visited and chats`, () =>
		withBanter({ workers: 1 }, async (banter) => {
			const { widget_id } = await makeWidget(banter);
			const longer = widget_id.padEnd(n, "x");
			const { stdout } = await expectTool(banter, 0, "export");
			const text = stdout
				.replaceAll(widget_id, longer)
				.replace('"format":2', '"format":1')
				.replace(/,"xxh3":"\w+"/, "");
			await withBanter({ workers: 1 }, async (empty) => {
				await imported(empty, 0, text);
				const visitor = await Visitor.open(empty, { widget_id: longer });
				assert.equal(await visitor.ask("[[echo]] hi"), "hi");
				await visitor.close();
			});
		}));

describe("banter import", () => {
	const good = parseLines(makeExport(1, "reply"));
	const [, , question] = good;

	it("names each invalid line and imports the others", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const login = loginLine("lost", { user: newId() });
			const bad = [...good];
			bad.splice(2, 0, { ...question, seq: 0 }, { ...question, role: "system" }, login);
			bad[bad.length - 1] = { kind: "end", lines: bad.length - 1 };
			const text = `${toLines(bad)}nonsense\n`;
			const { stdout, stderr } = await imported(banter, 65, text);
			for (const error of [
				/^banter: line 3: /m,
				/^banter: line 4: role is not one of its allowed words$/m,
				/^banter: line 5: the login's user does not exist$/m,
				/^banter: line 9: unexpected line after the end of the export$/m,
				/^banter: 4 lines were invalid and left out$/m,
			])
				assert.match(stderr, error);
			assert.equal(stdout, "imported: 1 conversation, 2 messages, 0 logins, 0 other records\n");
			await assertStored(banter, toLines(good));
			await expectTool(banter, 0, "verify");
		});
	});

	it("detects files that are truncated, lack lines or are not exports", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const long = "x".repeat(5 << 20);
			const otherFormat = toLines([{ ...HEAD, format: 3 }]);
			const others = ["", "\n", "hello\n", otherFormat, toLines(good.slice(1)), long];
			for (const text of [...others, toLines([HEAD]) + long]) await imported(banter, 65, text);
			assert.equal((await banter.conversations()).total, 0);
			for (let n = 1; n < good.length; n++) {
				const { stderr } = await imported(banter, 65, toLines(good.slice(0, n)));
				assert.match(stderr, /truncated: its last line is missing/);
			}
			const thin = toLines(good.filter((_, i) => i !== 3));
			assert.match((await imported(banter, 65, thin)).stderr, /line 4: lines are missing/);
			assert.match((await imported(banter, 0, toLines(good))).stderr, NO_SUM);
			await assertStored(banter, toLines(good));
			const changed = (await exported(banter)).replace('"text":"reply"', '"text":"Reply"');
			const file = join(banter.dir, "changed");
			assert.match((await imported(banter, 65, changed)).stderr, /the checksum is wrong/);
			await imported(banter, 0, toLines(good));
			writeFileSync(file, changed);
			const refused = await expectTool(banter, 65, "import", file);
			assert.match(refused.stderr, /checksum is wrong: .* nothing was imported; --force imports/);
			await assertStored(banter, toLines(good));
			await expectTool(banter, 65, "import", "--force", file);
			await assertStored(banter, changed);
		});
	});

	it("stops when the store is full, reports it, and can be repeated later", async () => {
		const text = makeExport(40, "x".repeat(100_000));
		await withBanter({ workers: 1, env: { STORE_MAX_BYTES: "1M" } }, async (banter) => {
			const { stderr } = await imported(banter, 73, text);
			assert.match(stderr, /storaged cannot write: .*raise STORE_MAX_BYTES/);
			assert.match(stderr, /importing the file again is safe/);
			await banter.stopStore();
			banter.storaged.env.STORE_MAX_BYTES = "64M";
			banter.startStore();
			await banter.ready();
			await imported(banter, 0, text);
			await assertStored(banter, text);
			await expectTool(banter, 0, "verify");
		});
	});
});
