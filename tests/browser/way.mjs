// A proxy in front of a server that treats WebSockets as the bad ones do, or falls silent.

import { once } from "node:events";
import { connect, createServer } from "node:net";

const REFUSAL = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const HEAD_END = "\r\n\r\n";

export class Way {
	/**
	 * open: forwards everything. refuse: answers WebSockets with 403. ignore: never answers them. cut: ends them
	 * after the handshake. silent: forwards nothing, on open connections neither.
	 */
	mode = "open";
	/** How many WebSockets were asked for. */
	sockets = 0;
	#all = new Set();

	/** Resolves to a way to a port of 127.0.0.1. */
	static async open(behind) {
		const way = new Way();
		way.server = createServer({ noDelay: true }, (near) => way.#carry(near, behind));
		await once(way.server.listen(0, "127.0.0.1"), "listening");
		way.url = `http://127.0.0.1:${way.server.address().port}`;
		return way;
	}

	#carry(near, behind) {
		const far = connect({ port: behind, host: "127.0.0.1", noDelay: true });
		let isSocket = false;
		for (const one of [near, far]) {
			this.#all.add(one);
			one.on("error", () => {});
		}
		near.on("data", (piece) => {
			if (!isSocket && /\r\nupgrade: *websocket/i.test(piece.toString("latin1"))) {
				isSocket = true;
				this.sockets++;
				if (this.mode === "refuse") near.end(REFUSAL);
			}
			if (this.mode === "silent" || (isSocket && /refuse|ignore/.test(this.mode))) return;
			far.write(piece);
		});
		far.on("data", (piece) => {
			if (this.mode === "silent") return;
			const isCut = isSocket && this.mode === "cut";
			near.write(isCut ? piece.subarray(0, piece.indexOf(HEAD_END) + HEAD_END.length) : piece);
			if (isCut) near.destroySoon();
		});
		const end = (one, other) =>
			one.on("close", () => {
				this.#all.delete(one);
				if (this.mode !== "silent") other.destroySoon();
			});
		end(near, far);
		end(far, near);
	}

	close() {
		for (const socket of this.#all) socket.destroy();
		this.server.close();
	}
}
