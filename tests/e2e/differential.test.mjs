// Request smuggling needs two readers that take the same bytes for different requests. Here the other reader
// is Node's parser at its strictest: whatever our server (http-peer, workerd/http with a handler that describes
// each request) accepts, Node must read the same way. We may refuse more. Part of the cases are generated:
//
//	FAULTS_SEED=12345 node --test tests/e2e/differential.test.mjs    repeats them (BANTER_CASES: how many)

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { below, pick, SEED } from "../faults/random.mjs";
import { readCorpus, sendPieces } from "./corpus.mjs";
import { HttpPeer } from "./frames.mjs";

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

/** A field that says how long a body is. */
const FRAMING = /\n(?:content-length|transfer-encoding):[^\r\n]*/gi;

/** The size of a chunk with extensions. */
const EXTENDED = /^[0-9a-f]+[ \t]*;[^\r\n]*/gim;

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

// Input that HTTP parsers are known to interpret differently.
const BAIT = [
	...["\r\n", "\n", "\r", "\0", " ", "\t", "\x0b", "\x7f", "\x80", "\xa0"],
	...[":", ",", ";", "0", "9", "+", "-", "\r\n\r\n", "\r\n ", "0\r\n\r\n"],
	...["Content-Length: 0\r\n", "Content-Length: 3\r\n", "Content-Length: 03 \r\n"],
	...["Content-Length:\t3\t\r\n", "content-length : 3\r\n"],
	...["Transfer-Encoding: chunked\r\n", "Transfer-Encoding:\x0bchunked\r\n"],
	...["5\r\n", "0\r\n", "1;", ";a=", '"', "\\", "Trailer: X\r\n"],
	...["Transfer_Encoding: chunked\r\n", "Expect: 100-continue\r\n", "Host: b\r\n"],
	...["Connection: close\r\n", "Connection: keep-alive\r\n"],
	...["Connection: upgrade\r\nUpgrade: x\r\n", "HTTP/1.0", "HTTP/1.1"],
	"GET /y HTTP/1.1\r\nHost: a\r\n\r\n",
];

/** The text with n characters at a place replaced. */
const splice = (text, at, n, by) => text.slice(0, at) + by + text.slice(at + n);

const otherCase = (one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase());

/** The text with its lines changed by change(lines, a, b): a and b are random places. */
function changeLines(text, change) {
	const lines = text.split("\r\n");
	change(lines, below(lines.length), below(lines.length));
	return lines.join("\r\n");
}

/** Mutations: each takes a text and returns another. */
const CHANGES = [
	// replace, delete or repeat a byte
	(text) => splice(text, below(text.length), 1, String.fromCharCode(below(256))),
	(text) => splice(text, below(text.length), 1, ""),
	(text) => {
		const at = below(text.length);
		return splice(text, at, 0, text[at]);
	},
	// change the case of a letter
	(text) => {
		const at = below(text.length);
		const other = otherCase(text[at]);
		return other.length === 1 ? splice(text, at, 1, other) : text;
	},
	// insert bait anywhere, or at the beginning of a line
	(text) => splice(text, below(text.length + 1), 0, pick(BAIT)),
	(text) => {
		const ends = [...text.matchAll(/\r\n/g)].map((match) => match.index + 2);
		return splice(text, ends.length === 0 ? 0 : pick(ends), 0, pick(BAIT));
	},
	// repeat a line, or swap two lines
	(text) => changeLines(text, (lines, at) => lines.splice(at, 0, lines[at])),
	(text) =>
		changeLines(text, (lines, a, b) => {
			[lines[a], lines[b]] = [lines[b], lines[a]];
		}),
	// change the Content-Length
	(text) => text.replace(/(Content-Length: *)(\d+)/i, (_, name) => name + below(12)),
];

/** One to three of these requests, mostly valid ones, with up to three mutations. */
function invent(known, valid) {
	let text = "";
	for (let i = below(3); i >= 0; i--) text += pick(below(4) === 0 ? known : valid);
	for (let i = below(4); i > 0 && text.length > 0; i--) text = pick(CHANGES)(text);
	return Buffer.from(text, "latin1");
}

describe("what we accept, Node reads the same way", () => {
	const mirror = new Mirror();
	const references = Array.from({ length: LANES }, () => new Reference());
	const corpus = readCorpus();

	before(() => Promise.all([mirror, ...references].map((one) => one.start())));
	after(() => Promise.all([mirror, ...references].map((one) => one.stop())));

	/**
	 * Sends the bytes to both; resolves to the number of requests that ours accepted. Without white space that RFC 9112
	 * allows and Node refuses: tabs in a field that says how long a body is (section 5.1), and, for Node alone, around
	 * the parts of chunk extensions (7.1.1).
	 */
	async function compare(lane, sent, what) {
		const text = sent
			.toString("latin1")
			.replaceAll(FRAMING, (field) => field.replaceAll("\t", " "));
		const bytes = Buffer.from(text, "latin1");
		const plain = text.replaceAll(EXTENDED, (line) => line.replaceAll(/[ \t]/g, ""));
		let ours = await mirror.read([bytes]);
		if (ours.length === 0) return 0;
		const upgrade = ours.findIndex(asksForUpgrade);
		if (upgrade !== -1) ours = ours.slice(0, upgrade + 1);
		const theirs = await references[lane].read([Buffer.from(plain, "latin1")]);
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
