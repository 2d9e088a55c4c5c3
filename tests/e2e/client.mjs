// Three HTTP clients: a request with its whole response, a stream of events (NDJSON or server-sent events),
// and a raw socket for requests that no correct client sends.

import assert from "node:assert/strict";
import * as http from "node:http";
import * as https from "node:https";
import { connect, isIP } from "node:net";
import { buffer } from "node:stream/consumers";
import { DEADLINE_MS } from "./daemon.mjs";

const LIMIT_MS = 5 * DEADLINE_MS; // of a request, or of a stream while the package is upgraded

/** TLS options of all requests: ca, the trusted certificate authority (PEM). */
export const tlsOptions = { ca: undefined };

/** Socket options of a connection from a local address (127.0.0.2, …); undefined: any. A name is asked for its kind only. */
export const fromAddress = (localAddress) => ({ localAddress, family: isIP(localAddress ?? "") });

/**
 * Resolves when the response head has arrived. Each request has its own connection, so that requests spread
 * over the workers.
 * @returns {Promise<http.IncomingMessage>}
 */
function send(base, method, path, headers, body, from) {
	const url = new URL(base);
	const web = url.protocol === "https:" ? https : http;
	return new Promise((resolve, reject) => {
		const req = web.request(
			{
				method,
				path,
				headers,
				hostname: url.hostname.replace(/^\[|\]$/g, ""),
				port: url.port,
				...fromAddress(from),
				agent: new web.Agent({ keepAlive: false, maxSockets: 1, ...tlsOptions }),
				signal: AbortSignal.timeout(LIMIT_MS),
			},
			resolve,
		);
		req.on("error", reject);
		req.end(body);
	});
}

function parseJson(text) {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Decodes UTF-8; throws if it is invalid. */
function decode(bytes) {
	return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/**
 * Sends a request. body: an object is sent as JSON, a string or Buffer unchanged. from: the local address
 * (127.0.0.2, …).
 * @returns {Promise<{status: number, headers: http.IncomingHttpHeaders, bytes: Buffer,
 *     text: string, json: any}>} text is empty if the body is encoded; json is undefined if the body is not JSON
 */
export async function request(base, method, path, { headers = {}, body, from } = {}) {
	const isJson = body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body);
	const payload = isJson ? JSON.stringify(body) : body;
	const length = payload === undefined ? {} : { "content-length": Buffer.byteLength(payload) };
	const type = payload === undefined ? {} : { "content-type": "application/json" };
	const all = { ...type, ...length, ...headers };
	const response = await send(base, method, path, all, payload, from);
	const bytes = await buffer(response);
	const text = response.headers["content-encoding"] ? "" : decode(bytes);
	const { statusCode: status, headers: fields } = response;
	return { status, headers: fields, bytes, text, json: parseJson(text) };
}

/**
 * Parses server-sent events (WHATWG HTML, section 9.2.6) in the form that we send: no event names, one line
 * of data, a space after each colon. Any other line is an error.
 */
class SseReader {
	id = "";
	last = ""; // the id at the end of the last event, or of a group of lines without data
	retry = undefined;
	comments = 0;
	#data = undefined;

	/** Takes a line; returns the event's data if the line completes an event. */
	take(line) {
		if (line === "") {
			const data = this.#data;
			this.#data = undefined;
			this.last = this.id;
			return data;
		}
		if (line.startsWith(":")) {
			this.comments++;
			return undefined;
		}
		const [, field, value] = /^(id|data|retry): (.*)$/.exec(line) ?? [];
		assert.ok(field, `a line of an event: ${JSON.stringify(line)}`);
		if (field === "data") {
			assert.equal(this.#data, undefined, "data of one line");
			this.#data = value;
		} else this[field] = value;
		return undefined;
	}
}

/** A streamed response. It is read as it arrives, even if nobody calls next(). */
export class Stream {
	#rest = Buffer.alloc(0);
	#events = [];
	#end = undefined; // { error } when the stream has ended
	#wake = () => {};
	/** The last event id at each server-sent event. */
	ids = [];

	constructor(response) {
		this.response = response;
		this.status = response.statusCode;
		this.headers = response.headers;
		this.socket = response.socket;
		if (/^text\/event-stream\b/.test(this.headers["content-type"])) this.sse = new SseReader();
	}

	read() {
		this.response.on("data", (piece) => {
			try {
				this.#take(piece);
			} catch (error) {
				this.response.destroy(error);
			}
		});
		const end = (error) => {
			this.#end ??= { error };
			this.#wake();
		};
		this.response.on("end", () =>
			end(this.#rest.length > 0 ? new Error("the stream ended within a line") : undefined),
		);
		this.response.on("error", end);
		this.response.on("close", () => end(new Error("the stream broke off")));
	}

	/** Reads an error response; next() rejects with it. */
	async readRefusal() {
		const text = decode(await buffer(this.response));
		this.json = parseJson(text);
		this.#end = { error: new Error(`the stream was refused: ${this.status} ${text}`) };
	}

	#take(piece) {
		this.#rest = Buffer.concat([this.#rest, piece]);
		for (let end = this.#rest.indexOf(10); end !== -1; end = this.#rest.indexOf(10)) {
			this.#line(decode(this.#rest.subarray(0, end)));
			this.#rest = this.#rest.subarray(end + 1);
		}
		this.#wake();
	}

	/** An empty line says that the stream is alive. */
	#line(line) {
		const event = this.sse ? this.sse.take(line) : line || undefined;
		if (event === undefined) return;
		if (this.sse) this.ids.push(this.sse.id);
		this.#events.push(JSON.parse(event));
	}

	/** The next event, or undefined at the end. Rejects if the connection broke. */
	async next() {
		while (this.#events.length === 0) {
			if (this.#end?.error) throw this.#end.error;
			if (this.#end) return undefined;
			await new Promise((done) => {
				this.#wake = done;
			});
		}
		return this.#events.shift();
	}

	/** Reads n more tokens. */
	async tokens(n) {
		const tokens = [];
		while (tokens.length < n) {
			const event = await this.next();
			assert.ok(event, "the stream ended early");
			if (event.type === "token") tokens.push(event.token);
			else assert.equal(event.type, "start", JSON.stringify(event));
		}
		return tokens;
	}

	async rest() {
		const events = [];
		for (let event = await this.next(); event !== undefined; event = await this.next())
			events.push(event);
		return events;
	}

	leave() {
		this.response.destroy();
	}
}

/** Opens a stream, with GET if there is no body. If the status is not 200, `json` has the response. */
export async function openStream(base, path, headers, body) {
	const json = { "content-type": "application/json", ...headers };
	const response =
		body === undefined
			? await send(base, "GET", path, headers)
			: await send(base, "POST", path, json, JSON.stringify(body));
	const stream = new Stream(response);
	if (response.statusCode === 200) stream.read();
	else await stream.readRefusal();
	return stream;
}

/** The concatenated tokens of a stream. */
export function textOf(events) {
	const tokens = events.filter(({ type }) => type === "token");
	return tokens.map(({ token }) => token).join("");
}

/** A socket that sends any bytes and parses responses one by one. */
export class RawConnection {
	#bytes = Buffer.alloc(0);
	#ended = false;
	#wake = () => {};

	/** @returns {Promise<RawConnection>} */
	static connect(port, host = "127.0.0.1", localAddress = undefined) {
		return new Promise((resolve, reject) => {
			const socket = connect({ port, host, localAddress, noDelay: true, allowHalfOpen: true });
			socket.once("connect", () => resolve(new RawConnection(socket)));
			socket.once("error", reject);
		});
	}

	constructor(socket) {
		this.socket = socket;
		socket.setTimeout(LIMIT_MS, () => socket.destroy());
		socket.on("data", (piece) => {
			this.#bytes = Buffer.concat([this.#bytes, piece]);
			this.#wake();
		});
		const end = () => {
			this.#ended = true;
			this.#wake();
		};
		socket.on("end", end);
		socket.on("error", end); // a reset: data that arrived before it is still read
		socket.on("close", end);
	}

	/** Resolves when the kernel has the bytes, so that two writes are sent separately. */
	write(bytes) {
		return new Promise((done) => this.socket.write(bytes, done));
	}

	end() {
		this.socket.end();
	}

	close() {
		this.socket.destroy();
	}

	/** Waits until test() is true; resolves to false if the connection ends before that. */
	async #until(test) {
		while (!test()) {
			if (this.#ended) return false;
			await new Promise((done) => {
				this.#wake = done;
			});
		}
		return true;
	}

	#take(n) {
		const taken = this.#bytes.subarray(0, n);
		this.#bytes = this.#bytes.subarray(n);
		return taken;
	}

	async #line() {
		const whole = await this.#until(() => this.#bytes.includes("\r\n"));
		if (!whole)
			throw new Error(`connection ended within: ${JSON.stringify(this.#bytes.toString("latin1"))}`);
		const line = this.#take(this.#bytes.indexOf("\r\n")).toString("latin1");
		this.#take(2);
		return line;
	}

	async #exactly(n) {
		if (!(await this.#until(() => this.#bytes.length >= n)))
			throw new Error("connection ended within a body");
		return this.#take(n);
	}

	async #chunked() {
		const chunks = [];
		for (;;) {
			const line = await this.#line();
			assert.match(line, /^[0-9A-Fa-f]+$/, "a chunk's size");
			const chunk = await this.#exactly(Number.parseInt(line, 16));
			assert.equal(await this.#line(), "");
			if (chunk.length === 0) return Buffer.concat(chunks);
			chunks.push(chunk);
		}
	}

	/** Reads the next response. noBody: it is a response to HEAD. */
	async response({ noBody = false } = {}) {
		const status = await this.#line();
		const parts = /^HTTP\/1\.1 (\d{3}) /.exec(status);
		assert.ok(parts, `status line ${JSON.stringify(status)}`);
		const answer = { status: Number(parts[1]), headers: {}, body: Buffer.alloc(0) };
		for (let line = await this.#line(); line !== ""; line = await this.#line()) {
			const [, name, value] = /^([^:\s]+): ?(.*)$/.exec(line) ?? [];
			assert.ok(name, `header line ${JSON.stringify(line)}`);
			answer.headers[name.toLowerCase()] = value;
		}
		const { "content-length": length, "transfer-encoding": coding } = answer.headers;
		if (noBody || answer.status < 200 || answer.status === 204 || answer.status === 304)
			return answer;
		if (coding === "chunked") answer.body = await this.#chunked();
		else if (length !== undefined) answer.body = await this.#exactly(Number(length));
		else answer.body = await this.closed();
		answer.json = parseJson(answer.body.toString());
		return answer;
	}

	/** Reads all responses up to the end of the connection, except interim ones. methods: of the requests. */
	async responses(methods = []) {
		const answers = [];
		while (await this.#until(() => this.#bytes.length > 0)) {
			const answer = await this.response({ noBody: methods[answers.length] === "HEAD" });
			if (answer.status >= 200) answers.push(answer);
		}
		return answers;
	}

	/** Waits until the server has closed its side; resolves to the unread bytes. */
	async closed() {
		await this.#until(() => false);
		return this.#take(this.#bytes.length);
	}
}

/** Sends bytes on a new connection, and resolves to the first response. */
export async function rawExchange(port, bytes, options) {
	const raw = await RawConnection.connect(port);
	await raw.write(bytes);
	const answer = await raw.response(options);
	raw.close();
	return answer;
}

/** Checks that a response is an error in the format of API.md. error and code are optional. */
export function assertError(answer, status, error, code) {
	const text = answer.text ?? JSON.stringify(answer.json);
	assert.equal(answer.status, status, text);
	assert.match(answer.headers["content-type"], /^application\/json/);
	assert.equal(typeof answer.json?.error, "string", text);
	assert.match(answer.json.code, /^[a-z][a-z0-9_]*$/);
	if (error !== undefined) assert.equal(answer.json.error, error);
	if (code !== undefined) assert.equal(answer.json.code, code);
}
