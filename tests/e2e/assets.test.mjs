// Static files through a whole banter: codings and caching headers, and replacement of a file. Which coding is
// chosen, and entity tags: tests/unit/workerd/http/static_files.scenario; that a reload refuses nobody: tests/install.

import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { useBanter } from "./harness.mjs";
import { useDirectory } from "./tool.mjs";

const PATHS = ["/widget/chat-widget.js", "/api/widget/embed.js"];
const UNPACK = { br: brotliDecompressSync, gzip: gunzipSync };

/** The decoded bytes of a response. */
function contentOf(answer) {
	const unpack = UNPACK[answer.headers["content-encoding"]] ?? ((bytes) => bytes);
	return unpack(answer.bytes).toString();
}

/** Replaces a bundle and its compressed forms, each atomically. */
function install(path, text) {
	for (const [suffix, bytes] of [
		["", text],
		[".br", brotliCompressSync(text)],
		[".gz", gzipSync(text)],
	]) {
		writeFileSync(path("new"), bytes);
		renameSync(path("new"), path(`bundle.js${suffix}`));
	}
}

describe("static files", () => {
	const POLICY = "cross-origin-resource-policy";
	const OLD = `/* old */ ${"a".repeat(20_000)}`;
	const NEW = `/* new */ ${"b".repeat(30_000)}`;
	const path = useDirectory();
	before(() => install(path, OLD));
	const banter = useBanter({
		env: {
			WIDGET_BUNDLE_PATH: path("bundle.js"),
			APP_ENV: "production",
			CORS_ORIGIN: "https://site.example",
		},
	});
	const get = (accepted, headers = {}) =>
		banter.get(PATHS[0], { "accept-encoding": accepted, ...headers });

	it("each coding has its content, and HEAD and 304 have the same headers as GET", async () => {
		for (const [path, age] of [
			[PATHS[0], 300],
			[PATHS[1], 3600],
		])
			for (const accepted of ["identity", "gzip", "br"]) {
				const headers = { "accept-encoding": accepted };
				const full = await banter.get(path, headers);
				assert.equal(contentOf(full), OLD);
				assert.equal(full.headers[POLICY], "cross-origin");
				assert.equal(full.headers["content-encoding"] ?? "identity", accepted);
				assert.equal(full.headers["cache-control"], `public, max-age=${age}`);
				assert.match(full.headers.vary, /\bAccept-Encoding\b/);
				assert.match(full.headers.vary, /\bOrigin\b/);
				assert.equal(full.headers["content-length"], String(full.bytes.length));
				const head = await banter.request("HEAD", path, { headers });
				const known = { ...headers, "if-none-match": full.headers.etag };
				const not = await banter.get(path, known);
				const notHead = await banter.request("HEAD", path, { headers: known });
				assert.deepEqual([head.status, not.status, notHead.status], [200, 304, 304]);
				for (const answer of [head, not, notHead]) {
					assert.equal(answer.bytes.length, 0);
					for (const name of ["etag", "cache-control", "vary", POLICY])
						assert.equal(answer.headers[name], full.headers[name], `${name} of ${answer.status}`);
				}
				for (const name of ["content-length", "content-type", "content-encoding"])
					assert.equal(head.headers[name], full.headers[name]);
				assert.equal(not.headers["content-length"], undefined);
			}
	});

	it("SIGHUP replaces a file", async () => {
		const before = await get("br");
		install(path, NEW);
		assert.equal((await banter.reload()).ev, "reload_done");
		for (const accepted of ["identity", "gzip", "br"])
			for (let i = 0; i < 10; i++) assert.equal(contentOf(await get(accepted)), NEW);
		const now = await get("br");
		assert.notEqual(now.headers.etag, before.headers.etag);
		const stale = await get("br", { "if-none-match": before.headers.etag });
		assert.equal(stale.status, 200, "who has the old one gets the new one");
	});
});

describe("the files that the widget's script loads", () => {
	const banter = useBanter({ env: { CORS_ORIGIN: "https://site.example" } });
	const origin = "https://elsewhere.example";
	let app;
	before(async () => {
		const { text } = await banter.get("/widget/chat-widget.js");
		app = `/widget/${/chat-app-\w+\.js/.exec(text)[0]}`;
	});

	it("are kept for ever, for pages of every site", async () => {
		const { headers, status } = await banter.get(app, { origin });
		assert.equal(status, 200);
		assert.equal(headers["cache-control"], "public, max-age=31536000, immutable");
		assert.equal(headers["access-control-allow-origin"], origin);
		assert.equal(headers["cross-origin-resource-policy"], "cross-origin");
		assert.match(headers["content-type"], /^application\/javascript/);
	});

	it("are as readable as the script itself: as a module, or with a hash in its tag", async () => {
		for (const path of PATHS) {
			const { headers, status } = await banter.get(path, { origin });
			assert.deepEqual([status, headers["access-control-allow-origin"]], [200, origin]);
		}
	});

	it("are sent uncached for the hash of another version", async () => {
		const { headers, status, text } = await banter.get("/widget/chat-app-0123456789.js", {
			origin,
		});
		assert.deepEqual([status, headers["cache-control"]], [200, "no-store"]);
		assert.equal(text, (await banter.get(app)).text);
		const part = await banter.get("/widget/chat-part-contact-0123456789.js", { origin });
		assert.deepEqual([part.status, part.headers["cache-control"]], [200, "no-store"]);
		const language = await banter.get("/widget/lang/en-0123456789.js", { origin });
		assert.match(language.text, /^export default"Open chat\|/);
	});

	it("do not include others", async () => {
		for (const path of [
			"chat-part-.js",
			"chat-part-none-0123456789.js",
			"widget-test.html",
			"lang/xx-1.js",
			"chat-widget.js.br",
			"nothing",
		])
			assert.equal((await banter.get(`/widget/${path}`)).status, 404, path);
		assert.match((await banter.get("/widget/banter.d.ts")).text, /interface Banter/);
	});
});
