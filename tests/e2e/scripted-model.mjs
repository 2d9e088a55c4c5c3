// A model server that sends any bytes and can break its connections. A function decides for each request what
// is sent and whether the connection ends:
//
//	const model = new ScriptedModel(({ onConnection, total }) => [answer("hi"), "keep"]);

import { createServer } from "node:net";

/** A complete response: HTTP/1.1 200 and the events of these tokens. */
export function answer(...tokens) {
	const events = [...tokens.map((content) => ({ choices: [{ delta: { content } }] }))];
	const body = `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}data: [DONE]\n\n`;
	return (
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
		`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
	);
}

export class ScriptedModel {
	requests = 0;
	heads = []; // of the requests, as text
	connections = 0;

	/** @param script ({onConnection, total, body}) → [bytes, "keep" | "close" | "reset"]; both count from 1; body: of the
	 * request */
	constructor(script) {
		this.script = script;
		this.sockets = new Set();
		this.server = createServer((socket) => this.#serve(socket));
	}

	async start() {
		await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
		this.url = `http://127.0.0.1:${this.server.address().port}/v1`;
	}

	async run(body) {
		await this.start();
		try {
			return await body(this);
		} finally {
			this.stop();
		}
	}

	stop() {
		for (const socket of this.sockets) socket.destroy();
		this.server.close();
	}

	#serve(socket) {
		this.connections++;
		this.sockets.add(socket);
		socket.on("close", () => this.sockets.delete(socket));
		socket.on("error", () => {});
		let bytes = "";
		let onConnection = 0;
		socket.setEncoding("latin1");
		socket.on("data", (piece) => {
			bytes += piece;
			const head = bytes.indexOf("\r\n\r\n");
			const length = Number(/^content-length: (\d+)\r$/im.exec(bytes)?.[1] ?? 0);
			if (head === -1 || bytes.length < head + 4 + length) return;
			this.heads.push(bytes.slice(0, head));
			const body = Buffer.from(bytes.slice(head + 4, head + 4 + length), "latin1").toString();
			bytes = bytes.slice(head + 4 + length);
			this.requests++;
			const [bytesOut, then] = this.script({
				onConnection: ++onConnection,
				total: this.requests,
				body,
			});
			if (bytesOut) socket.write(bytesOut);
			if (then === "close") socket.end();
			if (then === "reset") socket.resetAndDestroy();
		});
	}
}
