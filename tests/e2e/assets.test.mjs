// Static files through a whole banter: codings and caching headers, and replacement of a file while requests
// continue. tests/unit/workerd/http/test_static_files.c chooses the coding and compares entity tags.

import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { DEADLINE_MS, until, useBanter } from "./harness.mjs";
import { useDirectory } from "./tool.mjs";

const PATHS = ["/widget/chat-widget.js", "/api/widget/embed.js"];
const RELOADS = 10; // so that there are requests in every moment of one
const UNPACK = { br: brotliDecompressSync, gzip: gunzipSync };

/** A new client of a worker that drains has a second for its request (workerd/http/http_server.c). Whoever was
 * held up for half of that may have come too late. */
const HELD_UP_MS = 500;
const BEAT_MS = 20;

/** Detects when this process was not scheduled. */
class Pulse {
	#last = performance.now();
	#heldUpAt = 0;
	#timer = setInterval(() => this.#beat(), BEAT_MS);

	#beat() {
		const now = performance.now();
		if (now - this.#last > HELD_UP_MS) this.#heldUpAt = now;
		this.#last = now;
	}

	/** Whether that happened after this time. */
	wasHeldUpSince(time) {
		this.#beat();
		return this.#heldUpAt > time;
	}

	stop() {
		clearInterval(this.#timer);
	}
}

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
			// No request fails because this process was not scheduled for a second.
			DRAIN_TIMEOUT_MS: String(DEADLINE_MS / 2),
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

	it("SIGHUP replaces a file, and no request fails meanwhile", async (t) => {
		const before = await get("br");
		let over = false;
		let asked = 0;
		const seen = new Set();
		const pulse = new Pulse();
		t.after(() => pulse.stop());
		const ask = async (path, accepted) => {
			while (!over) {
				const began = performance.now();
				const answer = await banter.get(path, { "accept-encoding": accepted }).catch((error) => {
					if (!pulse.wasHeldUpSince(began)) throw error;
				});
				if (answer === undefined) continue;
				assert.equal(answer.status, 200);
				const content = contentOf(answer);
				assert.ok(content === OLD || content === NEW, "one or the other, and whole");
				seen.add(content);
				asked++;
			}
		};
		const asking = [ask(PATHS[0], "br"), ask(PATHS[1], "gzip"), ask(PATHS[0], "identity")];
		await until("requests are under way", () => asked > 0);
		install(path, NEW);
		for (let i = 0; i < RELOADS; i++) {
			assert.equal((await banter.reload()).ev, "reload_done");
		}
		await until("the new one has been seen", () => seen.has(NEW));
		over = true;
		await Promise.all(asking);
		t.diagnostic(`${asked} requests during ${RELOADS} reloads`);
		assert.ok(seen.has(OLD));

		for (const accepted of ["identity", "gzip", "br"])
			for (let i = 0; i < 10; i++) assert.equal(contentOf(await get(accepted)), NEW);
		const now = await get("br");
		assert.notEqual(now.headers.etag, before.headers.etag);
		const stale = await get("br", { "if-none-match": before.headers.etag });
		assert.equal(stale.status, 200, "who has the old one gets the new one");
	});
});
