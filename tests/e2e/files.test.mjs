// Files of visitors and operators over HTTP: sent in pieces, resumed, in messages, downloaded by signed addresses, erased. How the
// store keeps and removes them: unit/storaged/files/files.scenario.

import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { Contract } from "./contract.mjs";
import { until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { runTool, useDirectory, WIDGET } from "./tool.mjs";
import { changeWidget, makeWidget, Visitor } from "./visitors.mjs";

const KEY = { "x-api-key": WIDGET_KEY };
const PIECE = 65536;
const PNG = Buffer.from("89504e470d0a1a0a", "hex");
const ALL = { settings: { files: { allow: true } } };

/** Bytes of a picture, of which no two are alike. */
const picture = (bytes) => Buffer.concat([PNG, randomBytes(bytes - PNG.length)]);

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

const allow = (banter, settings = ALL) => changeWidget(banter, { id: WIDGET }, settings);

const contract = new Contract();

/** A worker that has just found the store says 503, and to come again. */
async function call(banter, method, path, { headers = {}, body } = {}, tries = 10) {
	const answer = await fetch(`${banter.url}${path}`, { method, headers, body });
	if (answer.status === 503 && tries > 0) {
		await answer.arrayBuffer();
		await new Promise((done) => setTimeout(done, 500));
		return call(banter, method, path, { headers, body }, tries - 1);
	}
	const bytes = Buffer.from(await answer.arrayBuffer());
	const { status } = answer;
	if (method !== "OPTIONS")
		contract.check(method, path, { status, headers: Object.fromEntries(answer.headers), bytes });
	const isJson = (answer.headers.get("content-type") ?? "").startsWith("application/json");
	return {
		status: answer.status,
		headers: answer.headers,
		bytes,
		json: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined,
	};
}

const post = (banter, path, json, headers = KEY) =>
	call(banter, "POST", path, {
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify(json),
	});

const begin = (banter, sessionId, bytes, name = "a.png", more = {}) =>
	post(banter, "/v1/chat/files", { sessionId, name, bytes, ...more });

async function begun(banter, ...args) {
	const { status, json } = await begin(banter, ...args);
	assert.equal(status, 201, JSON.stringify(json));
	return json;
}

const patch = (banter, { id, token }, offset, body) =>
	call(banter, "PATCH", `/v1/files/${id}`, {
		headers: { "upload-token": token, "upload-offset": String(offset) },
		body,
	});

async function where(banter, { id, token }) {
	const { status, headers } = await call(banter, "HEAD", `/v1/files/${id}`, {
		headers: { "upload-token": token },
	});
	assert.equal(status, 200);
	return Number(headers.get("upload-offset"));
}

async function upload(banter, sessionId, bytes, name) {
	const file = await begun(banter, sessionId, bytes.length, name);
	const { status, json } = await patch(banter, file, 0, bytes);
	assert.equal(status, 200, JSON.stringify(json));
	const { type, url, ...state } = json;
	assert.deepEqual(state, {
		id: file.id,
		offset: bytes.length,
		bytes: bytes.length,
		complete: true,
	});
	return { ...file, type, url };
}

const say = (banter, sessionId, message, files, more = {}) =>
	post(banter, "/v1/chat", { sessionId, message, files, ...more });

async function historyOf(banter, sessionId) {
	const { json } = await call(banter, "GET", `/v1/chat/history?sessionId=${sessionId}`, {
		headers: KEY,
	});
	return json.messages;
}

describe("files of a session", () => {
	const banter = useBanter();

	it("are refused until the widget allows them", async () => {
		const { status, json } = await begin(banter, "off", 10);
		assert.equal(status, 403);
		assert.equal(json.code, "files_off");
		await allow(banter);
		await begun(banter, "off", 10);
	});

	it("go to the store in one request, are in a message, and are downloaded", async () => {
		const bytes = picture(3 * PIECE + 7);
		const file = await upload(banter, "one", bytes, "photo.png");
		assert.equal(file.type, "image/png");
		assert.ok((await call(banter, "GET", file.url)).bytes.equals(bytes), "before the message");
		const empty = await patch(banter, file, bytes.length, Buffer.alloc(0));
		assert.deepEqual([empty.json.type, empty.json.url], [file.type, file.url]);
		const said = await say(banter, "one", "Look", [file.id]);
		assert.equal(said.status, 200, JSON.stringify(said.json));
		const [question, reply] = await historyOf(banter, "one");
		assert.equal(reply.files, undefined);
		const { url, ...shown } = question.files[0];
		assert.deepEqual(shown, {
			id: file.id,
			name: "photo.png",
			type: "image/png",
			bytes: bytes.length,
		});
		const got = await call(banter, "GET", url, { headers: { cookie: "session=wrong" } });
		assert.equal(got.status, 200);
		assert.ok(got.bytes.equals(bytes));
		for (const [name, value] of Object.entries({
			"content-type": "image/png",
			"content-disposition": "attachment; filename*=UTF-8''photo.png",
			"x-content-type-options": "nosniff",
			"content-security-policy": "sandbox; default-src 'none'",
			"cross-origin-resource-policy": "cross-origin",
			"cache-control": "private, max-age=21600, immutable",
			"accept-ranges": "bytes",
		}))
			assert.equal(got.headers.get(name), value);
		const etag = got.headers.get("etag");
		const again = await call(banter, "GET", url, { headers: { "if-none-match": etag } });
		assert.equal(again.status, 304);
		for (const [range, from, to] of [
			["bytes=0-9", 0, 10],
			["bytes=65530-65545", 65530, 65546],
			["bytes=-5", bytes.length - 5, bytes.length],
			[`bytes=${bytes.length - 3}-`, bytes.length - 3, bytes.length],
		]) {
			const part = await call(banter, "GET", url, { headers: { range } });
			assert.equal(part.status, 206);
			assert.equal(part.headers.get("content-range"), `bytes ${from}-${to - 1}/${bytes.length}`);
			assert.ok(part.bytes.equals(bytes.subarray(from, to)));
		}
		const beyond = await call(banter, "GET", url, { headers: { range: "bytes=9999999-" } });
		assert.equal(beyond.status, 416);
		const head = await call(banter, "HEAD", url);
		assert.equal(head.status, 200);
		assert.equal(head.bytes.length, 0);
	});

	it("are described until they are in a message, for people who cannot see them, and the model", async () => {
		const file = await upload(banter, "described", picture(60));
		const describe = (body, { id, token } = file) =>
			call(banter, "PUT", `/v1/files/${id}`, {
				headers: { "upload-token": token, "content-type": "application/json" },
				body: JSON.stringify(body),
			});
		assert.equal((await describe({ description: "A hinge" })).status, 204);
		assert.equal((await describe({ description: "The left\u202e hinge\n" })).status, 204);
		for (const description of [7, undefined, "x".repeat(301)]) {
			const { status, json } = await describe({ description });
			assert.equal(status, 400);
			assert.match(json.details, /^description must be a string/);
		}
		const other = { ...file, token: `0${file.token}` };
		assert.equal((await describe({ description: "x" }, other)).status, 403);
		const { json } = await say(banter, "described", "[[echo]] Look", [file.id]);
		assert.match(JSON.stringify(json), /The left hinge/, "the model reads it");
		const [question] = await historyOf(banter, "described");
		assert.equal(question.files[0].description, "The left hinge");
		assert.equal((await describe({ description: "x" })).status, 404);
		const gone = await begun(banter, "described", 10);
		const path = `/v1/files/${gone.id}`;
		await call(banter, "DELETE", path, { headers: { "upload-token": gone.token } });
		assert.equal((await describe({ description: "x" }, gone)).status, 404);
	});

	it("are not shown by another address", async () => {
		const bytes = picture(100);
		const file = await upload(banter, "signed", bytes);
		await say(banter, "signed", "", [file.id]);
		const [{ files, content }] = await historyOf(banter, "signed");
		assert.equal(content, "");
		const { url } = files[0];
		const other = await upload(banter, "signed", bytes);
		for (const wrong of [
			url.replace(/mac=./, "mac=_"),
			url.replace(/until=\d/, "until=9"),
			url.replace(file.id, other.id),
			`/v1/files/${file.id}`,
		])
			assert.equal((await call(banter, "GET", wrong)).status, 403, wrong);
		assert.equal((await call(banter, "GET", url)).status, 200);
	});

	it("are not shown by an address that has expired", async () => {
		const { url } = await upload(banter, "expired", picture(100));
		const [, id, until, mac] = url.match(/files\/(.+)\?until=(\d+)&mac=(.+)$/);
		const macOf = (secret, time) =>
			createHmac("sha256", secret).update(`file ${id} ${time}`).digest("base64url").slice(0, 32);
		// The store's secret lies behind its name.
		const name = "login_secret";
		const store = readFileSync(`${banter.dir}/data/data.mdb`);
		let secret;
		for (let at = store.indexOf(name); at >= 0 && !secret; at = store.indexOf(name, at + 1))
			for (let skip = 0; skip < 64 && !secret; skip++) {
				const found = store.subarray(at + name.length + skip).subarray(0, 32);
				if (macOf(found, until) === mac) secret = found;
			}
		assert.ok(secret);
		const past = Math.floor(Date.now() / 1000) - 1;
		const got = await call(
			banter,
			"GET",
			`/v1/files/${id}?until=${past}&mac=${macOf(secret, past)}`,
		);
		assert.deepEqual([got.status, got.json.code], [410, "address_expired"]);
	});

	it("are resumed where the stored pieces end, after a cut", async () => {
		const bytes = picture(4 * PIECE + 100);
		const file = await begun(banter, "resumed", bytes.length, "b.png", {
			sha256: sha256(bytes),
		});
		const { port } = new URL(banter.url);
		const socket = connect(Number(port), "127.0.0.1");
		socket.write(
			`PATCH /v1/files/${file.id} HTTP/1.1\r\nHost: a\r\nUpload-Token: ${file.token}\r\n` +
				`Upload-Offset: 0\r\nContent-Length: ${bytes.length}\r\n\r\n`,
		);
		socket.write(bytes.subarray(0, 2 * PIECE + 500));
		await until("two pieces are stored", async () => (await where(banter, file)) === 2 * PIECE);
		socket.destroy();
		const wrong = await patch(banter, file, 0, bytes);
		assert.equal(wrong.status, 409);
		assert.equal(wrong.json.code, "wrong_offset");
		assert.equal(wrong.headers.get("upload-offset"), String(2 * PIECE));
		const short = await patch(banter, file, 2 * PIECE, bytes.subarray(2 * PIECE, 3 * PIECE + 9));
		assert.equal(short.json.offset, 3 * PIECE);
		const rest = await patch(banter, file, 3 * PIECE, bytes.subarray(3 * PIECE));
		assert.equal(rest.json.complete, true);
		const long = await patch(banter, file, bytes.length, Buffer.from("x"));
		assert.equal(long.status, 413);
	});

	it("survive kills of the worker and of storaged in mid-upload, and the quota stays exact", async () => {
		const bytes = picture(20 * PIECE);
		const file = await begun(banter, "killed", bytes.length, "c.png", {
			sha256: sha256(bytes),
		});
		for (let kills = 0, offset = 0; offset < bytes.length; kills++) {
			const sent = patch(banter, file, offset, bytes.subarray(offset)).catch(() => ({}));
			if (kills === 0) await banter.killWorkers(banter.workerPids());
			if (kills === 1) {
				await banter.stopStore();
				banter.startStore();
			}
			await sent;
			await banter.ready();
			offset = await where(banter, file);
		}
		assert.equal((await say(banter, "killed", "here", [file.id])).status, 200);
		const verified = await runTool(banter, "verify");
		assert.equal(verified.status, 0, verified.stdout + verified.stderr);
	});

	for (const [what, bytes, name] of [
		["an SVG image", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), "a.svg"],
		["HTML with the name of a picture", Buffer.from("\n <html><script>"), "a.png"],
		["a program", Buffer.from("7f454c4602010100", "hex"), "a.txt"],
		["a script", Buffer.from("#!/bin/sh\nrm"), "a.txt"],
		["a ZIP archive", Buffer.from("504b0304140000000000", "hex"), "a.docx"],
	])
		it(`of an unknown type are refused by their content: ${what}`, async () => {
			const file = await begun(banter, "types", bytes.length, name);
			const { status, json } = await patch(banter, file, 0, bytes);
			assert.equal(status, 415);
			assert.equal(json.code, "unsupported_type");
			assert.deepEqual(json.allowed, ["jpeg", "png", "webp", "gif", "pdf", "text", "docx", "xlsx"]);
			await until("it is removed", async () => {
				const { id, token } = file;
				const headers = { "upload-token": token };
				return (await call(banter, "HEAD", `/v1/files/${id}`, { headers })).status === 404;
			});
		});

	it("of a kind that the widget does not allow are refused", async () => {
		await allow(banter, { settings: { files: { allow: true, kinds: ["pdf"] } } });
		const file = await begun(banter, "kinds", 100);
		await allow(banter);
		const { status, json } = await patch(banter, file, 0, picture(100));
		assert.equal(status, 415);
		assert.deepEqual(json.allowed, ["pdf"]);
	});

	for (const [sent, kept] of [
		["../../etc/passwd.txt", "passwd.txt"],
		["C:\\temp\\b.txt", "b.txt"],
		["a\u202egnp.txt", "agnp.txt"],
		["a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"],
		["..", "file"],
		[".htaccess", "htaccess"],
		[`${"ü".repeat(300)}.txt`, `${"ü".repeat(125)}.txt`],
	])
		it(`have names that harm nobody: ${JSON.stringify(sent).slice(0, 30)}`, async () => {
			assert.equal((await begun(banter, "names", 5, sent)).name, kept);
		});

	it("that are too large, empty or not as announced are refused", async () => {
		assert.equal((await begin(banter, "sizes", 10485761)).status, 413);
		assert.equal((await begin(banter, "sizes", 0)).status, 400);
		assert.equal((await begin(banter, "sizes", 10, "x".repeat(10001))).status, 400);
		const file = await begun(banter, "sizes", 100, "a.png", { sha256: "1".repeat(64) });
		const { status, json } = await patch(banter, file, 0, picture(100));
		assert.equal(status, 422);
		assert.equal(json.code, "wrong_checksum");
		const stranger = await patch(banter, { ...file, token: `${file.token.slice(0, -1)}_` }, 0, PNG);
		assert.equal(stranger.status, 403);
	});

	it("that wait to be in a message are at most 20, and the refusal says when to come back", async () => {
		for (let i = 0; i < 20; i++) await begun(banter, "waiting", 10);
		const { status, json, headers } = await begin(banter, "waiting", 10);
		assert.deepEqual([status, json.code], [429, "too_many_files"]);
		assert.equal(headers.get("retry-after"), "60");
	});

	it("of others, incomplete or of another conversation are in no message", async () => {
		const file = await upload(banter, "mine", picture(50));
		const part = await begun(banter, "mine", 70);
		for (const [session, files] of [
			["other", [file.id]],
			["mine", [part.id]],
		]) {
			const { status, json } = await say(banter, session, "x", files);
			assert.equal(status, 409);
			assert.equal(json.code, "file_not_found");
		}
		const six = Array.from({ length: 6 }, () => file.id);
		assert.equal((await say(banter, "mine", "x", six)).status, 400);
		const once = { clientMessageId: "m1" };
		const first = await say(banter, "mine", "x", [file.id], once);
		const second = await say(banter, "mine", "x", [file.id], once);
		assert.deepEqual([first.status, second.status], [200, 200]);
		assert.equal(second.json.messageId, first.json.messageId);
		const again = await say(banter, "mine", "x", [file.id]);
		assert.equal(again.status, 200, "a message may be sent once more");
		assert.equal((await historyOf(banter, "mine")).at(-2).files[0].id, file.id);
		assert.equal((await say(banter, "other", "x", [file.id])).json.code, "file_not_found");
	});
});

describe("files of a widget's visitor and of an operator", () => {
	const banter = useBanter();

	it("of a session or an address that is blocked are refused", async () => {
		await allow(banter);
		for (const [kind, target] of [
			["session", "blocked"],
			["range", "127.0.0.1"],
			["range", "127.0.0.0/24"],
		]) {
			const block = { kind, target, reason: "Spam" };
			const { id } = await adminExpect(banter, 201, "POST", "blocks", block);
			const { status, json } = await begin(banter, "blocked", 10);
			assert.deepEqual([status, json.code], [403, "blocked"], target);
			const other = await begin(banter, "not-blocked", 10);
			assert.equal(other.status, kind === "session" ? 201 : 403);
			await adminExpect(banter, 204, "DELETE", `blocks/${id}`);
		}
		await begun(banter, "blocked", 10);
	});

	it("are in frames, in the thread and in the history", async () => {
		const widget = await makeWidget(banter, { settings: { files: { allow: true } } });
		const visitor = await Visitor.open(banter, widget, { operators: true });
		const token = visitor.token;
		const path = `/api/widget/${widget.widget_id}/files`;
		const bytes = Buffer.from("Hello, file\n");
		const announced = { name: "note.txt", bytes: bytes.length };
		assert.equal((await post(banter, `${path}?token=none`, announced, {})).status, 404);
		const { status, json: file } = await post(banter, `${path}?token=${token}`, announced, {
			origin: "https://shop.example",
		});
		assert.equal(status, 201);
		assert.equal((await patch(banter, file, 0, bytes)).status, 200);
		await visitor.ask("Hello");
		const tab = await visitor.again({ operators: true });
		visitor.send({ type: "message", content: "", files: [file.id], id: "m1" });
		assert.ok((await visitor.upTo("typing_stop")).every(({ role }) => role !== "user"));
		const seen = (await tab.upTo("message")).at(-1);
		assert.deepEqual([seen.role, seen.content, seen.files[0].name], ["user", "", "note.txt"]);
		assert.equal((await tab.upTo("message")).at(-1).role, "assistant");
		const { conversations } = await banter.conversations();
		const [{ _id: id }] = conversations;
		const [{ files }] = (await banter.thread(id)).messages.slice(2);
		assert.equal(files[0].name, "note.txt");
		const { bytes: got } = await call(banter, "GET", files[0].url);
		assert.equal(got.toString(), bytes.toString());
		await adminExpect(banter, 200, "POST", `conversations/${id}/takeover`, {});
		const own = await adminExpect(banter, 201, "POST", "files", { name: "answer.txt", bytes: 2 });
		assert.equal((await patch(banter, own, 0, Buffer.from("ok"))).status, 200);
		const written = await adminExpect(banter, 201, "POST", `conversations/${id}/messages`, {
			files: [own.id],
		});
		assert.equal(written.files[0].name, "answer.txt");
		const frame = (await visitor.upTo("message")).at(-1);
		assert.equal(frame.files[0].name, "answer.txt");
	});

	it("may be sent from the pages of any site", async () => {
		const answer = await call(banter, "OPTIONS", "/v1/files/0193aaaa-0000-7000-8000-000000000000", {
			headers: {
				origin: "https://shop.example",
				"access-control-request-method": "PATCH",
				"access-control-request-headers": "upload-token,upload-offset",
			},
		});
		assert.equal(answer.status, 204);
		assert.equal(answer.headers.get("access-control-allow-origin"), "https://shop.example");
		assert.match(answer.headers.get("access-control-allow-methods"), /PATCH/);
	});
});

describe("erased files", () => {
	const place = useDirectory();

	it("are in no compacted copy of the store", async () => {
		await withBanter({}, async (banter) => {
			await allow(banter);
			const canary = randomBytes(24).toString("hex");
			const bytes = Buffer.from(`${canary} `.repeat(3000));
			const file = await upload(banter, "erased", bytes, "canary.txt");
			const { json } = await say(banter, "erased", "Look", [file.id]);
			const copy = async (name) => {
				const path = place(name);
				const { status, stderr } = await runTool(banter, "backup", path);
				assert.equal(status, 0, stderr);
				return readFileSync(path);
			};
			assert.ok((await copy("before.mdb")).includes(canary));
			await banter.request("DELETE", `/v1/admin/conversations/${json.conversationId}`, {
				headers: { "x-admin-api-key": "admin-key-of-the-end-to-end-tests" },
			});
			let n = 0;
			await until("the bytes are gone", async () => !(await copy(`${++n}.mdb`)).includes(canary));
			const { stdout } = await runTool(banter, "verify");
			assert.match(stdout, /./);
		});
	});
});

describe("limits of files", () => {
	const banter = useBanter({ env: { FILES_PER_MESSAGE: "2", FILES_EACH_MAX_BYTES: "100K" } });

	it("are told to pages whose visitors may send files, and to operators", async () => {
		const settings = async () =>
			(await call(banter, "GET", "/v1/chat/settings", { headers: KEY })).json.settings;
		assert.equal((await settings()).files, undefined);
		await allow(banter, { settings: { files: { allow: true, kinds: ["png"] } } });
		const limits = { perMessage: 2, maxBytes: 102400 };
		assert.deepEqual((await settings()).files, { allow: true, kinds: ["png"], ...limits });
		const { files } = await adminExpect(banter, 200, "GET", "me");
		assert.deepEqual(files, limits);
	});
});

describe("the quotas of files", () => {
	const banter = useBanter({ env: { FILES_MAX_BYTES: "1000K", FILES_ORG_MAX_BYTES: "900K" } });

	it("are shown with what is used, and warn from 80 % on", async () => {
		await allow(banter);
		const status = async () => (await runTool(banter, "status")).stdout.replace(/\s+/g, " ");
		const server = async () => (await adminExpect(banter, 200, "GET", "server")).files;
		const most = { name: "Default", bytes: 0, max_bytes: 921600 };
		assert.doesNotMatch(await status(), / files of visitors/);
		const nothing = { count: 0, bytes: 0, max_bytes: 1024000 };
		assert.deepEqual(await server(), { ...nothing, organization: { ...most, name: "" } });
		await begun(banter, "quota", 700_000);
		assert.doesNotMatch(await status(), /almost reached/);
		await begun(banter, "quota", 40_000);
		assert.match(
			await status(),
			/ files 2 files of visitors .* Default has the most, .* the limit of an organization is almost reached \(80\.3 %\): files beyond FILES_ORG_MAX_BYTES/,
		);
		await begun(banter, "quota", 100_000);
		assert.match(await status(), /their limit is almost reached \(82\.0 %\).*FILES_MAX_BYTES/);
		const used = { count: 3, bytes: 840_000, max_bytes: 1024000 };
		assert.deepEqual(await server(), { ...used, organization: { ...most, bytes: 840_000 } });
		const { text } = await banter.get("/metrics");
		for (const line of [
			"banter_files 3",
			"banter_files_bytes 840000",
			"banter_files_max_bytes 1024000",
			"banter_files_organization_bytes 840000",
			"banter_files_organization_max_bytes 921600",
		])
			assert.ok(text.includes(`\n${line}\n`), line);
		const { status: refused, json } = await begin(banter, "quota", 100_000);
		assert.deepEqual([refused, json.code], [507, "files_full"]);
	});
});

describe("a flood of files", () => {
	const env = { FILES_ADDRESS_MAX_BYTES: "3M", FILES_MAX_BYTES: "100M" };
	const banter = useBanter({ env });

	it("pays from the share of its address", async () => {
		await allow(banter);
		for (let i = 0; i < 3; i++) await begun(banter, `flood${i}`, 1048576);
		// One byte pays for a MiB, so that a flood of small files is one, too; another session changes nothing.
		for (const [session, bytes] of [
			["flood", 1048576],
			["flood0", 1],
			["new", 1],
		]) {
			const { status, json, headers } = await begin(banter, session, bytes);
			assert.deepEqual([status, json.code], [429, "rate_limited"], session);
			assert.ok(Number(headers.get("retry-after")) > 0, "it says when to come back");
		}
	});
});

it("a request without an offset is refused, and the worker goes on", () =>
	withBanter({ workers: 1 }, async (banter) => {
		const headers = { "upload-token": "x" };
		for (const offset of [undefined, "", "x", "-1", "1".repeat(11)]) {
			const all = offset === undefined ? headers : { ...headers, "upload-offset": offset };
			const path = "/v1/files/0193aaaa-0000-7000-8000-000000000000";
			const answer = await call(banter, "PATCH", path, { headers: all, body: Buffer.from("x") });
			assert.equal(answer.status, 400);
			assert.match(answer.json.details, /^Upload-Offset must be/);
		}
		assert.equal(banter.log.lines.filter(({ ev }) => ev === "worker_exit").length, 0);
	}));
