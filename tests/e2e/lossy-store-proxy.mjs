// A line between the workers and their store that can lose an answer: it stands where the store's socket
// was, and hands on whatever comes.

import { once } from "node:events";
import { rename } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

export class LossyStoreProxy {
	#sockets = new Set();
	#left = Infinity; // what comes before the one that is lost
	lost = 0;

	/** Takes the place of a banter's store; its workers have to come anew. */
	static async open(banter) {
		const line = new LossyStoreProxy();
		const path = join(banter.dir, "data", "store.sock");
		line.behind = `${path}.behind`;
		await rename(path, line.behind);
		line.server = createServer((worker) => line.#join(worker));
		line.server.listen(path);
		await once(line.server, "listening");
		return line;
	}

	/** The next thing that the store says is lost, or the one so many later, and its line with it. */
	loseNext(later = 0) {
		this.#left = later;
	}

	async close() {
		for (const socket of this.#sockets) socket.destroy();
		this.server.close();
		await once(this.server, "close");
	}

	#join(worker) {
		const store = connect(this.behind);
		const end = () => {
			worker.destroy();
			store.destroy();
		};
		for (const socket of [worker, store]) {
			this.#sockets.add(socket);
			socket.on("error", end).on("close", end);
		}
		worker.on("data", (bytes) => store.write(bytes));
		store.on("data", (bytes) => {
			if (this.#left-- > 0) {
				worker.write(bytes);
				return;
			}
			this.#left = Infinity;
			this.lost++;
			end();
		});
	}
}
