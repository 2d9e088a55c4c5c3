// A forward proxy in the test's process: CONNECT, and requests with an absolute URL (RFC 9110, sections 3.7
// and 9.3.6). It records the requests.

import { createServer, request } from "node:http";
import { connect } from "node:net";

/** Forwards data in both directions until one socket closes. */
export function join(a, b) {
	for (const [from, to] of [
		[a, b],
		[b, a],
	]) {
		from.pipe(to);
		from.on("error", () => to.destroy());
		from.on("close", () => to.destroy());
	}
}

export class ForwardProxy {
	requests = []; // { method, target, headers }

	/** @param {string} [authorization] the Proxy-Authorization that it requires */
	constructor(authorization) {
		this.authorization = authorization;
		this.server = createServer((req, res) => this.#relay(req, res));
		this.server.on("connect", (req, socket) => this.#tunnel(req, socket));
	}

	/** Resolves to its port. */
	async start() {
		await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
		return this.server.address().port;
	}

	stop() {
		this.server.closeAllConnections();
		this.server.close();
	}

	#admits({ method, url, headers }) {
		this.requests.push({ method, target: url, headers });
		return !this.authorization || headers["proxy-authorization"] === this.authorization;
	}

	#tunnel(req, socket) {
		socket.on("error", () => {});
		if (!this.#admits(req)) {
			socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
			return;
		}
		const { hostname, port } = new URL(`http://${req.url}`);
		const onward = connect(Number(port), hostname);
		onward.once("connect", () => {
			socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
			join(socket, onward);
		});
		onward.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"));
	}

	#relay(req, res) {
		if (!this.#admits(req)) {
			res.writeHead(407, { "proxy-authenticate": "Basic" }).end();
			return;
		}
		const { method, headers } = req;
		const onward = request(req.url, { method, headers }, (answer) => {
			res.writeHead(answer.statusCode, answer.headers);
			answer.pipe(res);
		});
		onward.on("error", () => res.writeHead(502).end());
		req.pipe(onward);
	}
}
