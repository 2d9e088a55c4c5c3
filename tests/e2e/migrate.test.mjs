// A store that an older banter wrote is brought up to date when storaged starts, and one that a
// newer banter wrote is refused.
//
// tests/faults/data/schema-1.mdb.gz is the data.mdb of version 0.1.0 (schema 1), written by its own
// programs under load and taken right after kill -9 of storaged, while three replies were being
// written: open-1 and open-2 had checkpoints, open-3 had none. In it are 13 more conversations
// (several turns, difficult text, a long reply, an empty one, one that the model broke off, one
// that was stopped, one of another organization) and a login. schema-1.json is what version 0.1.0
// itself said of that file: the list, every thread, and ("ended") what it later made of the open
// replies. schema-2 and schema-3 are the same of the last versions with those schemas; in schema-3
// most messages have a name of their client's. None of them is ever made anew: a later schema gets
// files of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { BUILD, baseEnvironment, DEADLINE_MS, ROOT, until, withBanter } from "./harness.mjs";
import { lackingNamespaces } from "./name-server.mjs";

const EX_CONFIG = 78;
const DATA = join(ROOT, "tests/faults/data");
const TOKEN = "the-token-of-a-dashboard-before-the-upgrade";
const SCHEMA = 4; // today's

const scratch = mkdtempSync(join(tmpdir(), "banter-migrate-"));
after(() => rmSync(scratch, { recursive: true }));

/** A data directory with a store of an old schema in it. */
function oldStore(schema, name = `schema-${schema}`, change = (bytes) => bytes) {
	const dir = join(scratch, name);
	mkdirSync(dir, { mode: 0o700 });
	const bytes = gunzipSync(readFileSync(join(DATA, `schema-${schema}.mdb.gz`)));
	writeFileSync(join(dir, "data.mdb"), change(bytes), { mode: 0o600 });
	return dir;
}

const isOpen = ({ sessionId }) => sessionId.startsWith("open-");

/** The fields that the old version knew of something that this version says. */
function known(now, before) {
	return Object.fromEntries(Object.keys(before).map((key) => [key, now[key]]));
}

/** What the end of a reply leaves as it is of its conversation. */
function withoutEnd({ lastMessage, updatedAt, ...conversation }) {
	return conversation;
}

/** That every thread is as it was, but for the replies that were open. */
async function assertThreads(banter, said) {
	for (const before of said.threads) {
		const now = await banter.thread(before.conversation._id);
		if (isOpen(before.conversation)) continue;
		assert.deepEqual(known(now.conversation, before.conversation), before.conversation);
		assert.deepEqual(
			now.messages.map((message, i) => known(message, before.messages[i])),
			before.messages,
		);
	}
}

/** That the list is as it was, but for the conversations whose replies have been ended since: theirs is the
 * newest activity now. */
async function assertList(banter, said) {
	const { conversations } = await banter.conversations();
	const open = said.conversations.filter(isOpen).map(withoutEnd);
	const others = said.conversations.filter((one) => !isOpen(one));
	const bySession = (a, b) => (a.sessionId < b.sessionId ? -1 : 1);
	const ended = conversations.splice(0, open.length).map((now) => known(now, open[0]));
	assert.deepEqual(ended.sort(bySession), open.sort(bySession));
	assert.deepEqual(
		conversations.map((now, i) => known(now, others[i])),
		others,
	);
}

/** That the replies that were open become what the old version made of them. */
async function assertEnded(banter, said) {
	for (const { _id, sessionId } of said.conversations.filter(isOpen)) {
		// Their workers have some seconds to claim them.
		const [question, reply] = await until(`${sessionId} is closed`, async () => {
			const messages = await banter.messages(_id);
			return messages.length === 2 && messages;
		});
		assert.equal(question[0], "user");
		assert.deepEqual(reply, said.ended[sessionId]);
		assert.equal(reply[2], "interrupted");
	}
}

function migrations(banter) {
	return banter.log.lines.filter((line) => line.ev === "store_migrated");
}

/** Runs storaged on a directory until it ends by itself; around: a command that runs it. */
function runStoraged(dir, around = []) {
	const [program, ...args] = [...around, join(BUILD, "storaged")];
	return new Promise((resolve) => {
		const child = spawn(program, args, {
			env: { ...baseEnvironment(), DATA_DIR: dir },
			stdio: ["ignore", "ignore", "pipe"],
			timeout: DEADLINE_MS,
			killSignal: "SIGKILL",
		});
		let stderr = "";
		child.stderr.on("data", (piece) => {
			stderr += piece;
		});
		child.on("close", (code) => resolve({ code, stderr }));
	});
}

for (const schema of [1, 2, 3])
	describe(`a store of schema ${schema}`, () => {
		const said = JSON.parse(readFileSync(join(DATA, `schema-${schema}.json`), "utf8"));
		const dir = oldStore(schema);
		const name = `data-schema${schema}.mdb`;
		const copy = join(dir, name);
		const env = { DATA_DIR: dir };

		it("the file holds what the test relies on", () => {
			assert.equal(said.conversations.length, 15, "and one of another organization");
			assert.equal(said.conversations.filter(isOpen).length, 3);
			const statuses = said.threads.flatMap(({ messages }) => messages.map(({ status }) => status));
			assert.deepEqual([...new Set(statuses)].sort(), ["complete", "interrupted", "stopped"]);
			assert.ok(said.ended["open-1"][1].length > 100);
			assert.match(said.ended["open-2"][1], /👩‍👩‍👧‍👦/u);
			assert.equal(said.ended["open-3"][1], "");
		});

		it("is migrated: threads and times are as they were, open replies are kept, the login has ended", async () => {
			await withBanter({ env }, async (banter) => {
				assert.deepEqual(
					migrations(banter).map(({ from, to }) => [from, to]),
					[[String(schema), String(SCHEMA)]],
				);
				const { total } = await banter.conversations();
				assert.equal(total, said.conversations.length);
				await assertThreads(banter, said);
				const cookie = { cookie: `banter_session=${TOKEN}` };
				assert.equal((await banter.get("/v1/admin/conversations", cookie)).status, 401);
				await assertEnded(banter, said);
				await assertList(banter, said);
			});
		});

		it("was copied before, whole, for its owner alone, and the log says where", async () => {
			const { mode, size } = statSync(copy);
			assert.equal(mode & 0o777, 0o600);
			const moved = join(scratch, `copy-${schema}`);
			mkdirSync(moved, { mode: 0o700 });
			copyFileSync(copy, join(moved, "data.mdb"));
			await withBanter({ env: { DATA_DIR: moved } }, async (banter) => {
				assert.equal(migrations(banter).length, 1, "it is still of the old schema");
				const line = banter.log.lines.find(({ ev }) => ev === "store_copied");
				assert.equal(line.path, join(moved, name));
				assert.equal(line.bytes, String(size));
				await assertThreads(banter, said);
			});
		});

		it("is migrated once, and goes on in its old sessions", async () => {
			rmSync(copy);
			await withBanter({ env }, async (banter) => {
				assert.equal(migrations(banter).length, 0);
				assert.throws(() => statSync(copy), { code: "ENOENT" });
				await assertThreads(banter, said);
				await assertEnded(banter, said);
				for (const session of ["plain", "open-1"]) {
					const before = said.conversations.find(({ sessionId }) => sessionId === session);
					const answer = await banter.chat(session, '[[text="as before"]] and now?');
					assert.equal(answer.json.conversationId, before._id);
					assert.deepEqual((await banter.messages(before._id)).at(-1), [
						"assistant",
						"as before",
						"complete",
					]);
				}
				assert.equal((await banter.conversations()).total, said.conversations.length);
				if (schema < 3) return;
				const again = await banter.chat("plain", '[[text="answer 1"]] question 1', {
					headers: { "idempotency-key": "plain-1" },
				});
				assert.equal(again.json.message, "answer 1");
				assert.equal(await banter.modelCalls("question 1"), 0, "it is known by its name");
			});
		});
	});

describe("an old store on a disk without room for its copy", { skip: lackingNamespaces() }, () => {
	it("is refused at once: the log says how many bytes are wanted, and what to do", async () => {
		const store = join(oldStore(1, "little room"), "data.mdb");
		const dir = join(scratch, "disk");
		mkdirSync(dir);
		const { size } = statSync(store);
		// Its disk and its processes end with it.
		const alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
		// Room for the store and for LMDB's lock, and for hardly anything else.
		const script = `
			mount -t tmpfs -o mode=0700,size=${size + 16384} none "$0" || exit 99
			cp "${store}" "$0/data.mdb" || exit 99
			"$@"
			echo "status=$?" >&2
			cmp "${store}" "$0/data.mdb" && ls "$0" >&2`;
		const { code, stderr } = await runStoraged(dir, [...alone, "sh", "-c", script, dir]);
		assert.equal(code, 0, stderr);
		assert.match(stderr, /^status=74$/m);
		const line = /ev=store_not_copied .*wanted=(\d+) free=(\d+) help="[^"]*make room/.exec(stderr);
		assert.ok(line, stderr);
		const [wanted, free] = line.slice(1).map(Number);
		assert.ok(wanted > free && wanted <= size, stderr);
		assert.doesNotMatch(stderr, /data-schema1\.mdb(\.part)?$/m, "nothing of a copy is there");
	});
});

describe("a store of a later schema", () => {
	// In a leaf page the value of meta's one name follows it.
	const before = Buffer.from("schema_version1");
	const later = Buffer.from("schema_version5");

	it("is refused with status 78 and what to do, and left as it is", async () => {
		const dir = oldStore(1, "later", (bytes) => {
			let n = 0;
			for (let at = bytes.indexOf(before); at !== -1; at = bytes.indexOf(before, at + 1), n++)
				later.copy(bytes, at);
			assert.ok(n > 0);
			return bytes;
		});
		const content = readFileSync(join(dir, "data.mdb"));
		const { code, stderr } = await runStoraged(dir);
		assert.equal(code, EX_CONFIG, stderr);
		assert.match(stderr, /ev=store_too_new schema=5 known=4 help="[^"]*install that version again/);
		assert.deepEqual(readFileSync(join(dir, "data.mdb")), content);
	});
});
