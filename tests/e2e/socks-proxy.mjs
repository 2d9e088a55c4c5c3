// A SOCKS5 proxy in the test's process (RFC 1928; RFC 1929 for user name and password). It records the requests.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "./forward-proxy.mjs";

const NO_LOGIN = 0;
const PASSWORD = 2;
const ADDRESS_LENGTH = { 1: 4, 4: 16 }; // IPv4, IPv6
const NAME = 3;
const SUCCEEDED = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/** Reads exactly n bytes. */
async function take(socket, n) {
	for (;;) {
		const piece = socket.read(n);
		if (piece) return piece;
		if (socket.readableEnded || socket.destroyed) throw new Error("the client left");
		await Promise.race([once(socket, "readable"), once(socket, "close")]);
	}
}

/** Reads a byte with a length, then as many bytes. */
async function takeText(socket) {
	const [length] = await take(socket, 1);
	return length === 0 ? "" : (await take(socket, length)).toString();
}

export class SocksProxy {
	requests = []; // { target, login }
	seen = ""; // what clients sent through it

	/** @param {string} [login] the user:password that it requires */
	constructor(login) {
		this.login = login;
		this.server = createServer((socket) => {
			socket.on("error", () => {});
			this.#serve(socket).catch(() => socket.destroy());
		});
	}

	/** Resolves to its port. */
	async start() {
		await once(this.server.listen(0, "127.0.0.1"), "listening");
		return this.server.address().port;
	}

	stop() {
		this.server.close();
	}

	async #serve(socket) {
		await take(socket, 1); // the version
		await takeText(socket); // the methods that the client offers
		const login = await this.#authenticate(socket);
		const [, , , type] = await take(socket, 4);
		const host =
			type === NAME
				? await takeText(socket)
				: [...(await take(socket, ADDRESS_LENGTH[type]))].join(".");
		const port = (await take(socket, 2)).readUInt16BE();
		this.requests.push({ target: `${host}:${port}`, login });
		const onward = connect(port, host);
		await once(onward, "connect");
		socket.write(Buffer.from(SUCCEEDED));
		socket.on("data", (piece) => {
			this.seen += piece.toString("latin1");
		});
		join(socket, onward);
	}

	async #authenticate(socket) {
		socket.write(Buffer.from([5, this.login ? PASSWORD : NO_LOGIN]));
		if (!this.login) return undefined;
		await take(socket, 1); // the version
		const login = `${await takeText(socket)}:${await takeText(socket)}`;
		const isRight = login === this.login;
		socket.write(Buffer.from([1, isRight ? 0 : 1]));
		if (!isRight) throw new Error("wrong password");
		return login;
	}
}
