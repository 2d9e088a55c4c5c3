// A model server over TLS whose responses a script writes with node's HTTP servers, over HTTP/1.1 or HTTP/2. Both
// have the same interface; with HTTP/2 there is also `res.stream`, which can be reset, and its session.
//
//	await withWebModel("h2", (res, { total }) => res.end(total > 1 ? "data: [DONE]\n\n" : ""), async (banter, model) => …);

import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as http2 from "node:http2";
import * as https from "node:https";
import { Authority } from "./certs.mjs";
import { freePort, withBanter } from "./harness.mjs";

let authority;

/** The event of a token. */
export const tokenEvent = (content) =>
	`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

/** Begins a response, and sends these tokens. */
export function begin(res, ...tokens) {
	res.writeHead(200, { "content-type": "text/event-stream" });
	for (const token of tokens) res.write(tokenEvent(token));
}

/** Sends a complete response with these tokens. */
export function reply(res, ...tokens) {
	begin(res, ...tokens);
	res.end("data: [DONE]\n\n");
}

class WebModel {
	requests = 0;
	connections = 0;
	early = false; // respond before the request's body has been read
	#sessions = new Set();

	/** @param script (res, { onConnection, total, text }); both count from 1; text: of the request's body, if it is read */
	constructor(protocol, script, options) {
		const { createSecureServer } =
			protocol === "h2" ? http2 : { createSecureServer: https.createServer };
		this.server = createSecureServer({ keepAliveTimeout: 0, ...options }, (req, res) =>
			this.#serve(req, res, script),
		);
		this.server.on(protocol === "h2" ? "session" : "secureConnection", (session) => {
			this.connections++;
			this.#sessions.add(session);
			session.on("error", () => {}).on("close", () => this.#sessions.delete(session));
		});
	}

	async #serve(req, res, script) {
		const connection = req.stream?.session ?? req.socket;
		const total = ++this.requests;
		connection.requests = (connection.requests ?? 0) + 1;
		const onConnection = connection.requests;
		res.on("error", () => {});
		req.stream?.on("error", () => {});
		let text = "";
		if (this.early) return script(res, { onConnection, total, text });
		try {
			for await (const piece of req.setEncoding("utf8")) text += piece;
		} catch {
			return; // cancelled
		}
		script(res, { onConnection, total, text });
	}

	stop() {
		for (const session of this.#sessions) session.destroy();
		this.server.close();
	}
}

/** Runs body(banter, model) with a worker whose model is this script. protocol: "h2" or "http/1.1". */
export async function withWebModel(
	protocol,
	script,
	body,
	{ env = {}, server = {}, early = false } = {},
) {
	authority ??= new Authority();
	authority.issued ??= authority.issue("web-model");
	const { cert, key } = authority.issued;
	const files = { cert: readFileSync(cert), key: readFileSync(key) };
	const model = new WebModel(protocol, script, { ...files, ...server });
	model.early = early;
	const port = await freePort();
	await once(model.server.listen(port, "127.0.0.1"), "listening");
	const settings = {
		OPENAI_BASE_URL: `https://localhost:${port}/v1`,
		OPENAI_CA_BUNDLE: authority.file,
	};
	try {
		await withBanter({ workers: 1, env: { ...settings, ...env } }, (banter) => body(banter, model));
	} finally {
		model.stop();
	}
}
