// Pictures that mediad makes safe, with its real processes: each format, bad files, nothing left of what a file hid, and mediad and
// storaged killed at each step. What the store does with each message of mediad: unit/storaged/files/media.scenario; how pictures are
// converted: unit/workerd/mediad.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { BUILD } from "./daemon.mjs";
import { until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { expectTool, useDirectory, WIDGET } from "./tool.mjs";
import { changeWidget } from "./visitors.mjs";

const KEY = { "x-api-key": WIDGET_KEY, "content-type": "application/json" };
const CANARY = Buffer.from("canary-52.3676N-4.9041E");

const made = mkdtempSync(join(tmpdir(), "banter-pictures-"));
after(() => rmSync(made, { recursive: true }));

/** The pictures of tests/media/pictures.h. */
const pictures = execFileSync(join(BUILD, "picture-files"), [made], { encoding: "utf8" })
	.trim()
	.split("\n")
	.map((line) => line.split("\t"))
	.map(([file, name, type, width, height, transparent]) => ({
		name,
		type,
		width: Number(width),
		height: Number(height),
		transparent: transparent === "1",
		bytes: readFileSync(join(made, file)),
	}));

/** A JPEG with all that a camera writes. */
const photo = pictures.find(({ type, bytes }) => type === "image/jpeg" && bytes.includes(CANARY));

const allow = (banter) =>
	changeWidget(banter, { id: WIDGET }, { settings: { files: { allow: true } } });

/** Sends a request until a store that was killed is back. */
async function json(url, init) {
	const answer = await until("the store answers", async () => {
		const got = await fetch(url, init);
		return got.status === 503 ? undefined : got;
	});
	assert.ok(answer.ok, `${answer.status} ${await answer.clone().text()}`);
	return answer.json();
}

const post = (banter, path, body) =>
	json(banter.url + path, { method: "POST", headers: KEY, body: JSON.stringify(body) });

let sessions = 0;

/** Sends a picture and resolves to what is known of it. */
async function send(banter, bytes, name = "photo.png") {
	const sessionId = `s${++sessions}`;
	const { id, token } = await post(banter, "/v1/chat/files", {
		sessionId,
		name,
		bytes: bytes.length,
	});
	const { url } = await json(`${banter.url}/v1/files/${id}`, {
		method: "PATCH",
		headers: { "upload-token": token, "upload-offset": "0" },
		body: bytes,
	});
	return { id, url, sessionId };
}

const say = (banter, { sessionId, id }) =>
	post(banter, "/v1/chat", { sessionId, message: "Look", files: [id] });

async function get(banter, url) {
	const answer = await fetch(banter.url + url);
	const bytes = Buffer.from(await answer.arrayBuffer());
	return { status: answer.status, headers: answer.headers, bytes };
}

const codeOf = ({ bytes }) => JSON.parse(bytes.toString()).code;

/** The answer once the picture is checked; it is never anything else before. */
async function checked(banter, { url }, more = "") {
	return until("a picture is checked", async () => {
		const got = await get(banter, url + more);
		if (got.status !== 404) return got;
		assert.equal(codeOf(got), "file_checking");
		assert.match(got.headers.get("retry-after"), /^\d+$/);
		return undefined;
	});
}

/** The sides of a JPEG or PNG without anything before its frame but tables. */
function sidesOf(bytes) {
	if (bytes.subarray(1, 4).toString() === "PNG")
		return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
	for (let at = 2; at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2))
		if ([0xc0, 0xc1, 0xc2].includes(bytes[at + 1]))
			return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
	return [];
}

describe("a picture", () => {
	const banter = useBanter({ media: true });

	it("of each format is one of its pixels alone, with its orientation", async () => {
		await allow(banter);
		assert.ok(pictures.length > 30 && photo, `${pictures.length} pictures`);
		for (const picture of pictures) {
			const file = await send(banter, picture.bytes, "a photo.webp");
			const got = await checked(banter, file);
			assert.equal(got.status, 200, picture.name);
			const type = picture.transparent ? "image/png" : "image/jpeg";
			assert.equal(got.headers.get("content-type"), type, picture.name);
			assert.equal(
				got.headers.get("content-disposition"),
				`inline; filename*=UTF-8''a%20photo.${picture.transparent ? "png" : "jpg"}`,
			);
			assert.equal(got.headers.get("content-security-policy"), "sandbox; default-src 'none'");
			assert.deepEqual(sidesOf(got.bytes), [picture.width, picture.height], picture.name);
			assert.ok(!got.bytes.includes(CANARY), picture.name);
			const small = await get(banter, `${file.url}&size=320`);
			assert.equal(small.status, 200);
			assert.ok(Math.max(...sidesOf(small.bytes)) <= 320, picture.name);
			const again = await fetch(banter.url + file.url, {
				headers: { "if-none-match": got.headers.get("etag") },
			});
			assert.equal(again.status, 304);
		}
	});

	it("that cannot be read is refused with the reason, also in a message", async () => {
		const half = photo.bytes.subarray(0, photo.bytes.length / 2);
		const wide = Buffer.from(pictures.find(({ type }) => type === "image/png").bytes);
		wide.writeUInt32BE(100_000, 16);
		for (const [what, bytes, reason] of [
			["cut", half, "damaged"],
			["only a signature", Buffer.from("89504e470d0a1a0a", "hex"), "damaged"],
			["a GIF that is a script", Buffer.from("GIF89a=1;alert(1)//"), /too_large|damaged/],
			["100,000 pixels wide", wide, /too_large|damaged/],
		]) {
			const file = await send(banter, bytes);
			await say(banter, file);
			const got = await checked(banter, file);
			assert.equal(got.status, 410, what);
			const body = JSON.parse(got.bytes.toString());
			assert.equal(body.code, "file_refused");
			assert.match(body.reason, new RegExp(reason), what);
		}
	});

	it("has a short way: other files are not checked", async () => {
		const { url } = await send(banter, Buffer.from("%PDF-1.4\n"), "a.pdf");
		const got = await get(banter, url);
		assert.equal(got.status, 200);
		assert.match(got.headers.get("content-disposition"), /^attachment/);
	});
});

describe("what a picture hides", () => {
	const directory = useDirectory();

	/** Whether a compacted copy of the store has it. */
	async function isStored(banter, name) {
		const copy = directory(name);
		await expectTool(banter, 0, "backup", copy);
		return readFileSync(copy).includes(CANARY);
	}

	it("is gone from the store's file when the picture is ready", () =>
		withBanter({ media: true }, async (banter) => {
			await allow(banter);
			await banter.mediad.stop();
			const file = await send(banter, photo.bytes);
			await say(banter, file);
			assert.ok(await isStored(banter, "before.mdb"));
			assert.equal((await get(banter, file.url)).status, 404);
			banter.mediad.start();
			assert.equal((await checked(banter, file)).status, 200);
			assert.ok(!(await isStored(banter, "after.mdb")));
			await expectTool(banter, 0, "verify");
		}));
});

/** Programs of which media-extract is a script. */
function programsWith(directory, script) {
	for (const name of ["storaged", "masterd", "workerd", "mediad"])
		copyFileSync(join(BUILD, name), join(directory, name));
	writeFileSync(join(directory, "media-extract"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
	return directory;
}

describe("a process of a picture", () => {
	const directories = [1, 2].map(() => mkdtempSync(join(tmpdir(), "banter-media-")));
	after(() => {
		for (const path of directories) rmSync(path, { recursive: true });
	});

	for (const [i, what, script, status] of [
		[0, "that dies once is tried again", `mkdir "$0.once" 2>/dev/null && exit 1`, 200],
		[1, "that dies twice means that the picture is damaged", "exit 1", 410],
	])
		it(what, () => {
			const programs = programsWith(directories[i], `${script}\nexec ${BUILD}/media-extract`);
			return withBanter({ media: true, programs }, async (banter) => {
				await allow(banter);
				const got = await checked(banter, await send(banter, photo.bytes));
				assert.equal(got.status, status);
				if (status === 410) assert.equal(JSON.parse(got.bytes.toString()).reason, "damaged");
			});
		});
});

describe("when mediad is killed", () => {
	const directory = mkdtempSync(join(tmpdir(), "banter-media-"));
	after(() => rmSync(directory, { recursive: true }));
	const held = join(directory, "media-extract.held");
	const began = join(directory, "media-extract.began");

	/** Ready, and nothing but its copies is stored. */
	async function assertWhole(banter, files) {
		for (const file of files) {
			const got = await checked(banter, file);
			assert.equal(got.status, 200);
			assert.ok(!got.bytes.includes(CANARY));
		}
		await expectTool(banter, 0, "verify");
	}

	it("no picture is lost: neither one that waits nor one that is converted", () =>
		withBanter(
			{
				media: true,
				programs: programsWith(
					directory,
					`touch "$0.began"; while [ -e "$0.held" ]; do sleep 0.02; done; exec ${BUILD}/media-extract`,
				),
			},
			async (banter) => {
				await allow(banter);
				writeFileSync(held, "");
				const file = await send(banter, photo.bytes);
				await say(banter, file);
				await until("it is being converted", () => existsSync(began));
				await banter.mediad.kill("SIGKILL");
				assert.equal(codeOf(await get(banter, file.url)), "file_checking");
				const other = await send(banter, photo.bytes);
				await say(banter, other);
				rmSync(held);
				banter.mediad.start();
				await assertWhole(banter, [file, other]);
			},
		));

	it("and storaged is, again and again, no picture is lost or shown as it was", () =>
		withBanter({ media: true }, async (banter) => {
			await allow(banter);
			banter.mediad.restart = true;
			banter.storaged.restart = true;
			const files = [];
			for (let i = 0; i < 24; i++) {
				const file = await send(banter, pictures[i].bytes);
				await say(banter, file);
				files.push(file);
				if (i % 6 === 1) await banter.mediad.kill("SIGKILL");
				if (i % 6 === 5) {
					await banter.storaged.kill("SIGKILL");
					await banter.ready();
				}
			}
			await assertWhole(banter, files);
		}));
});
