// A bad network between a client and the server: what is sent arrives late, in part, twice, long
// afterwards, or not at all. Each connection that comes through has a fate, which the test gives it.
//
//	const network = await BadNetwork.open(banter.port, () => ({ answerCut: 100 }));
//	… request(network.url, …) …
//	await network.close();
//
// A fate has any of these, all of which may be left out:
//	requestDelay, answerDelay   ms, before the first byte goes on
//	requestCut, answerCut       bytes after which the connection breaks, for both sides
//	copies                      connections by which the request goes on at once (1); the client
//	                            hears the answer to the last
//	replayed                    ms after the end, when the same request comes once more, if it
//	                            was not cut

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
	/** How often each thing was done to somebody. */
	done = { cutRequests: 0, cutAnswers: 0, copies: 0, replays: 0 };

	/** @returns {Promise<BadNetwork>} before the server at this port of 127.0.0.1 */
	static async open(port, fate) {
		const network = new BadNetwork(port, fate);
		await new Promise((done) => network.#server.listen(0, "127.0.0.1", done));
		network.url = `http://127.0.0.1:${network.#server.address().port}`;
		return network;
	}

	constructor(port, fate) {
		this.#port = port;
		this.#server = createServer({ noDelay: true }, (client) => this.#carry(client, fate()));
	}

	/** Resolves when nothing is under way any more, replays included. */
	async settled() {
		while (this.#sockets.size > 0 || this.#replays > 0)
			await new Promise((done) => {
				this.#idle = done;
			});
	}

	async close() {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((done) => this.#server.close(done));
	}

	#keep(socket) {
		this.#sockets.add(socket);
		socket.on("error", () => {}); // a broken connection is what it is for
		socket.on("close", () => {
			this.#sockets.delete(socket);
			this.#idle();
		});
		return socket;
	}

	#connect() {
		return this.#keep(connect({ port: this.#port, host: "127.0.0.1", noDelay: true }));
	}

	#carry(client, fate) {
		const { copies = 1, answerDelay = 0, answerCut = CUT_NOTHING } = fate;
		const servers = Array.from({ length: copies }, () => this.#connect());
		const heard = servers[copies - 1];
		this.done.copies += copies - 1;
		this.#keep(client);
		for (const server of servers) if (server !== heard) server.resume();
		const sent = this.#forward(client, servers, fate);
		later(answerDelay, () => this.#answer(heard, client, answerCut));
		client.on("close", () => {
			for (const server of servers) if (!server.readableEnded) server.destroy();
			if (fate.replayed !== undefined && sent.whole) this.#replay(sent.pieces, fate.replayed);
		});
		heard.on("close", () => client.end());
	}

	/** The request's way. Returns what has gone on of it so far. */
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

	/** The request once more, long after, by somebody who does not wait for the answer. */
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
