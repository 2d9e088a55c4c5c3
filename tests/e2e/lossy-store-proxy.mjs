// A proxy between the workers and storaged that can drop a response. It replaces storaged's socket and
// forwards all other data.

import { once } from "node:events";
import { rename } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

export class LossyStoreProxy {
	#sockets = new Set();
	#left = Infinity; // responses that are forwarded before one is dropped
	lost = 0;

	/** Replaces the socket of a banter's storaged. Workers use it when they connect again. */
	static async open(banter) {
		const proxy = new LossyStoreProxy();
		const path = join(banter.dir, "data", "store.sock");
		proxy.behind = `${path}.behind`;
		await rename(path, proxy.behind);
		proxy.server = createServer((worker) => proxy.#join(worker));
		proxy.server.listen(path);
		await once(proxy.server, "listening");
		return proxy;
	}

	/** Drops the next data from storaged, or the data after `later` more pieces, and its connection. */
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
