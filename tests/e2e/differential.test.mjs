// Request smuggling needs two readers that take the same bytes for different requests. Here the other reader
// is Node's parser at its strictest: whatever our server (http-peer, workerd/http with a handler that describes
// each request) accepts, Node must read the same way. We may refuse more. Part of the cases are generated:
//
//	FAULTS_SEED=12345 node --test tests/e2e/differential.test.mjs    repeats them (BANTER_CASES: how many)

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { SEED } from "../faults/random.mjs";
import { readCorpus, sendPieces } from "./corpus.mjs";
import { HttpPeer } from "./frames.mjs";
import { invent } from "./mutate.mjs";

const CASES = Number(process.env.BANTER_CASES ?? 3000);
const LANES = 8; // conversations at once

class Mirror extends HttpPeer {
	async start() {
		await super.start("mirror");
		this.port = await this.nextPort();
	}

	/** The requests that it read from these pieces. */
	async read(pieces) {
		const raw = await sendPieces(this.port, pieces);
		const text = (await raw.closed()).toString("latin1");
		raw.close();
		return [...text.matchAll(/^X-Seen: (.*)\r$/gm)].map(([, json]) => {
			const seen = JSON.parse(json);
			return { ...seen, fields: seen.fields.map((field) => field.map(fromHex)) };
		});
	}
}

/** Node's server, one connection at a time. */
class Reference {
	async start() {
		this.server = createServer({ insecureHTTPParser: false, maxHeaderSize: 256 * 1024 });
		this.server.httpAllowHalfOpen = true; // as ours
		this.server.on("request", (req, res) => this.take(req, res));
		this.server.on("clientError", (_error, socket) => socket.end());
		this.server.on("connection", (socket) => {
			this.closed = once(socket, "close");
		});
		this.server.listen(0, "127.0.0.1");
		await once(this.server, "listening");
	}

	take(req, res) {
		const { method, url: target, httpVersion: version } = req;
		const seen = { method, target, version, fields: [], body: "" };
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
		const raw = await sendPieces(this.server.address().port, pieces);
		await this.closed;
		raw.close();
		return this.seen.filter((seen) => seen.whole);
	}

	stop() {
		this.server.closeAllConnections();
		this.server.close();
	}
}

/** A Content-Length. */
const LENGTH = /\ncontent-length:[\t ]*\d+[\t ]*\r/gi;

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

/** Whether it asks for another protocol: Node drops what follows such a request in the same packet. */
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

	/**
	 * Sends the bytes to both; resolves to the number of requests that ours accepted. Without tabs around a
	 * length: RFC 9112 allows them (section 5.1), but Node refuses them.
	 */
	async function compare(lane, sent, what) {
		const text = sent.toString("latin1");
		const bytes = Buffer.from(
			text.replaceAll(LENGTH, (field) => field.replaceAll("\t", " ")),
			"latin1",
		);
		let ours = await mirror.read([bytes]);
		if (ours.length === 0) return 0;
		const upgrade = ours.findIndex(asksForUpgrade);
		if (upgrade !== -1) ours = ours.slice(0, upgrade + 1);
		const theirs = await references[lane].read([bytes]);
		const shown = `${what}: ${JSON.stringify(bytes.toString("latin1").slice(0, 2000))}`;
		const same = theirs.slice(0, ours.length).map(meaning);
		assert.deepEqual(same, ours.map(meaning), `Node reads something else; ${shown}`);
		return ours.length;
	}

	/** Compares all cases; resolves to the number of accepted requests. */
	async function compareAll(list) {
		const rest = [...list];
		let taken = 0;
		const work = async (lane) => {
			for (let one = rest.pop(); one; one = rest.pop()) {
				const compared = await compare(lane, one.bytes, one.name);
				taken += compared; // not "+= await", which would add to an old value
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
		const short = corpus.filter(({ bytes }) => bytes.length < 2000);
		const textOf = ({ bytes }) => bytes.toString("latin1");
		const isValid = ({ outcomes }) => outcomes.every((outcome) => outcome === "ok");
		const [known, valid] = [short.map(textOf), short.filter(isValid).map(textOf)];
		const list = Array.from({ length: CASES }, (_, i) => ({
			bytes: invent(known, valid),
			name: `FAULTS_SEED=${SEED}, case ${i}`,
		}));
		const taken = await compareAll(list);
		t.diagnostic(`${taken} requests compared`);
		assert.ok(taken > CASES / 4, `only ${taken} requests were taken: nothing is compared`);
	});
});
