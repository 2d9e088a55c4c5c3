// A forward proxy in the test's process: CONNECT, and requests with an absolute URL (RFC 9110, sections 3.7
// and 9.3.6). It records the requests.

import * as http from "node:http";
import * as https from "node:https";
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
	requests = []; // { method, target, headers, login }
	seen = ""; // what clients sent through tunnels

	/**
	 * @param {string} [login] the user:password that it requires
	 * @param {{cert: Buffer, key: Buffer}} [certificate] of a proxy over HTTPS
	 */
	constructor(login, certificate) {
		this.login = login;
		const relay = (req, res) => this.#relay(req, res);
		this.server = certificate ? https.createServer(certificate, relay) : http.createServer(relay);
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
		const [, basic = ""] = /^Basic (.*)$/.exec(headers["proxy-authorization"]) ?? [];
		const login = Buffer.from(basic, "base64").toString();
		this.requests.push({ method, target: url, headers, login });
		return !this.login || login === this.login;
	}

	#tunnel(req, socket) {
		socket.on("error", () => {});
		if (!this.#admits(req)) {
			socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
			return;
		}
		const { hostname, port } = new URL(`http://${req.url}`);
		const onward = connect(Number(port), hostname);
		socket.on("data", (piece) => {
			this.seen += piece.toString("latin1");
		});
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
		const onward = http.request(req.url, { method, headers }, (answer) => {
			res.writeHead(answer.statusCode, answer.headers);
			answer.pipe(res);
		});
		onward.on("error", () => res.writeHead(502).end());
		req.pipe(onward);
	}
}
