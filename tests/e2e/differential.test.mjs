// Request smuggling needs two readers that take the same bytes for different requests. Here the
// other reader is Node's parser, as strict as it can be: whatever our server takes, Node must take
// as well, with the same method, target, version, fields and body, in the same order. We may refuse
// more. Both sides are real servers behind real sockets: ours is tests/http/http_peer.c, which is
// workerd/http with a handler that tells what it was given.
//
// The generated part is another one each time. When it finds something, it says with which seed:
//
//	BANTER_SEED=12345 node --test tests/e2e/differential.test.mjs    (BANTER_CASES: how many)

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { readCorpus, sendPieces } from "./corpus.mjs";
import { BUILD, baseEnvironment } from "./daemon.mjs";
import { invent, randomOf } from "./mutate.mjs";

const SEED = Number(process.env.BANTER_SEED ?? Math.floor(Math.random() * 2 ** 31));
const CASES = Number(process.env.BANTER_CASES ?? 3000);
const LANES = 8; // conversations at once

/** Our server, until stop() is called. */
class Mirror {
	async start() {
		this.child = spawn(join(BUILD, "http-peer"), ["mirror"], {
			env: baseEnvironment(),
			stdio: ["pipe", "pipe", "inherit"],
		});
		await once(this.child, "spawn"); // or it is not built, which is an error
		const [line] = await once(createInterface(this.child.stdout), "line");
		this.port = Number(/^listening on (\d+)$/.exec(line)[1]);
	}

	/** The requests that it read from these pieces. */
	async read(pieces) {
		const text = (await sendPieces(this.port, pieces)).toString("latin1");
		return [...text.matchAll(/^X-Seen: (.*)\r$/gm)].map(([, json]) => {
			const seen = JSON.parse(json);
			return { ...seen, fields: seen.fields.map((field) => field.map(fromHex)) };
		});
	}

	async stop() {
		this.child.stdin.end();
		const [code] = await once(this.child, "close");
		assert.equal(code, 0, "the mirror ends well");
	}
}

/** Node's server, one connection at a time. */
class Reference {
	async start() {
		this.server = createServer({ insecureHTTPParser: false, maxHeaderSize: 256 * 1024 });
		this.server.httpAllowHalfOpen = true; // as ours: who has said all still gets answers
		this.server.on("request", (req, res) => this.take(req, res));
		this.server.on("clientError", (_error, socket) => socket.end());
		this.server.on("connection", (socket) => {
			this.closed = once(socket, "close");
		});
		this.server.listen(0, "127.0.0.1");
		await once(this.server, "listening");
	}

	take(req, res) {
		const seen = {
			method: req.method,
			target: req.url,
			version: req.httpVersion,
			fields: [],
			body: "",
		};
		for (let i = 0; i < req.rawHeaders.length; i += 2)
			seen.fields.push([req.rawHeaders[i], req.rawHeaders[i + 1]]);
		this.seen.push(seen);
		req.on("data", (piece) => {
			seen.body += piece.toString("hex");
		});
		req.on("end", () => {
			seen.whole = true;
		});
		req.on("error", () => {});
		res.end();
	}

	async read(pieces) {
		this.seen = [];
		await sendPieces(this.server.address().port, pieces);
		await this.closed;
		return this.seen.filter((seen) => seen.whole);
	}

	stop() {
		this.server.closeAllConnections();
		this.server.close();
	}
}

function fromHex(text) {
	return Buffer.from(text, "hex").toString("latin1");
}

/** What must be equal: names without case, values without surrounding white space. */
function meaning({ method, target, version, fields, body }) {
	const plain = fields.map(([name, value]) => [
		name.toLowerCase(),
		value.replace(/^[ \t]+|[ \t]+$/g, ""),
	]);
	return { method, target, version, fields: plain, body };
}

/** Whether it asks for another protocol. Node, which is not asked to speak one, answers it like any
 * other but drops what came behind it in the same packet, so there is nothing to compare there. */
function asksForUpgrade({ fields }) {
	const has = (name, value) =>
		fields.some(([n, v]) => n.toLowerCase() === name && value.test(v.toLowerCase()));
	return has("upgrade", /./) && has("connection", /\bupgrade\b/);
}

describe("what we accept, Node reads the same way", () => {
	const mirror = new Mirror();
	const references = Array.from({ length: LANES }, () => new Reference());
	const corpus = readCorpus();

	before(() => Promise.all([mirror, ...references].map((one) => one.start())));
	after(() => Promise.all([mirror, ...references].map((one) => one.stop())));

	/** Sends the bytes to both; resolves to the number of requests that ours accepted. */
	async function compare(lane, bytes, what) {
		let ours = await mirror.read([bytes]);
		if (ours.length === 0) return 0;
		const upgrade = ours.findIndex(asksForUpgrade);
		if (upgrade !== -1) ours = ours.slice(0, upgrade + 1);
		const theirs = await references[lane].read([bytes]);
		const shown = `${what}: ${JSON.stringify(bytes.toString("latin1").slice(0, 2000))}`;
		assert.deepEqual(
			theirs.slice(0, ours.length).map(meaning),
			ours.map(meaning),
			`Node reads something else; ${shown}`,
		);
		return ours.length;
	}

	/** Compares all cases; resolves to the number of accepted requests. */
	async function compareAll(list) {
		let next = 0;
		let taken = 0;
		const work = async (lane) => {
			while (next < list.length) {
				const { bytes, name } = list[next++];
				const compared = await compare(lane, bytes, name);
				taken += compared;
			}
		};
		await Promise.all(references.map((_, lane) => work(lane)));
		return taken;
	}

	it("the corpus", async (t) => {
		const taken = await compareAll(corpus);
		const wanted = corpus.flatMap((one) => one.outcomes).filter((outcome) => outcome === "ok");
		// All except the request after "an upgrade that is ignored".
		assert.equal(taken, wanted.length - 1, "ours took what the corpus says");
		t.diagnostic(`${corpus.length} cases, ${taken} requests compared`);
	});

	it(`${CASES} generated cases`, async (t) => {
		t.diagnostic(`BANTER_SEED=${SEED}`);
		const random = randomOf(SEED);
		const known = corpus
			.filter(({ bytes }) => bytes.length < 2000)
			.map(({ bytes }) => bytes.toString("latin1"));
		const list = Array.from({ length: CASES }, (_, i) => ({
			bytes: invent(random, known),
			name: `BANTER_SEED=${SEED}, case ${i}`,
		}));
		const taken = await compareAll(list);
		t.diagnostic(`${taken} requests compared`);
		assert.ok(taken > CASES / 4, `only ${taken} requests were taken: nothing is compared`);
	});
});
