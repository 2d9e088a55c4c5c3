// An unreliable network between clients and a server: data arrives late, in part, twice, much later, or not
// at all. The test chooses the faults of each connection.
//
//	const network = await BadNetwork.open(banter.port, () => ({ answerCut: 100 }));
//	… request(network.url, …) …
//	await network.close();
//
// Faults, all optional:
//	requestDelay, answerDelay   ms before the first byte is forwarded
//	requestCut, answerCut       bytes after which the connection breaks, for both sides
//	copies                      the request is sent to the server on this many connections (1); the
//	                            client receives the response to the last one
//	replayed                    ms after the end at which the request is sent again, if it was complete

import { connect, createServer } from "node:net";

const CUT_NOTHING = Number.POSITIVE_INFINITY;

function later(ms, body) {
	if (ms > 0) setTimeout(body, ms);
	else body();
}

export class BadNetwork {
	#server;
	#port;
	#sockets = new Set();
	#replays = 0;
	#idle = () => {};
	/** How often each fault occurred. */
	done = { cutRequests: 0, cutAnswers: 0, copies: 0, replays: 0 };

	/** @returns {Promise<BadNetwork>} in front of the server at this port; faults(): of a connection */
	static async open(port, faults) {
		const network = new BadNetwork(port, faults);
		await new Promise((done) => network.#server.listen(0, "127.0.0.1", done));
		network.url = `http://127.0.0.1:${network.#server.address().port}`;
		return network;
	}

	constructor(port, faults) {
		this.#port = port;
		this.#server = createServer({ noDelay: true }, (client) => this.#carry(client, faults()));
	}

	/** Resolves when all connections and replays have ended. */
	async settled() {
		while (this.#sockets.size > 0 || this.#replays > 0)
			await new Promise((done) => {
				this.#idle = done;
			});
	}

	/** Breaks all connections. */
	cut() {
		for (const socket of this.#sockets) socket.destroy();
	}

	async close() {
		this.cut();
		await new Promise((done) => this.#server.close(done));
	}

	#keep(socket) {
		this.#sockets.add(socket);
		socket.on("error", () => {}); // connections are meant to break
		socket.on("close", () => {
			this.#sockets.delete(socket);
			this.#idle();
		});
		return socket;
	}

	#connect() {
		return this.#keep(connect({ port: this.#port, host: "127.0.0.1", noDelay: true }));
	}

	#carry(client, faults) {
		const { copies = 1, answerDelay = 0, answerCut = CUT_NOTHING } = faults;
		const servers = Array.from({ length: copies }, () => this.#connect());
		const heard = servers[copies - 1];
		this.done.copies += copies - 1;
		this.#keep(client);
		for (const server of servers) if (server !== heard) server.resume();
		const sent = this.#forward(client, servers, faults);
		later(answerDelay, () => this.#answer(heard, client, answerCut));
		client.on("close", () => {
			for (const server of servers) if (!server.readableEnded) server.destroy();
			if (faults.replayed !== undefined && sent.whole) this.#replay(sent.pieces, faults.replayed);
		});
		heard.on("close", () => client.end());
	}

	/** Forwards the request. Returns what was forwarded so far. */
	#forward(client, servers, { requestDelay = 0, requestCut = CUT_NOTHING }) {
		const sent = { pieces: [], whole: true };
		let room = requestCut;
		client.pause();
		client.on("data", (piece) => {
			const part = piece.subarray(0, room);
			room -= part.length;
			sent.pieces.push(part);
			for (const server of servers) server.write(part);
			if (room > 0) return;
			sent.whole = false;
			this.done.cutRequests++;
			client.destroy();
		});
		later(requestDelay, () => client.resume());
		return sent;
	}

	#answer(server, client, cut) {
		let room = cut;
		server.on("data", (piece) => {
			const part = piece.subarray(0, room);
			room -= part.length;
			client.write(part);
			if (room > 0) return;
			this.done.cutAnswers++;
			client.destroySoon();
			server.destroy();
		});
	}

	/** Sends the request again later, and ignores the response. */
	#replay(pieces, ms) {
		this.#replays++;
		this.done.replays++;
		setTimeout(() => {
			this.#replays--;
			const server = this.#connect();
			server.resume();
			server.end(Buffer.concat(pieces));
		}, ms);
	}
}
