// A proxy in front of storaged, as HAProxy is on several machines: workers connect to its socket, and the store
// behind it can change. It can have no store behind it (it accepts and closes at once), and be silent (it accepts,
// and forwards nothing: the machine behind it is dead).

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class StoreProxy {
	#pairs = new Set();
	#behind = undefined; // the socket of the store; undefined: none
	#silent = false;
	/** When workers connected, as performance.now(). */
	connects = [];

	/** Resolves to a proxy that listens on a socket. */
	static async open(path) {
		const proxy = new StoreProxy();
		proxy.server = createServer((worker) => proxy.#accept(worker));
		await once(proxy.server.listen(path), "listening");
		return proxy;
	}

	/** New connections go to the store with this socket; undefined: they are closed at once. */
	lead(path) {
		this.#behind = path;
		this.#silent = false;
	}

	/** Ends the connections that are open. */
	cut() {
		for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
		this.#pairs.clear();
	}

	/** From now on nothing is forwarded, in both directions, and no end is reported. New connections: until lead(). */
	fallSilent() {
		this.#silent = true;
		for (const [worker, store] of this.#pairs) {
			worker.removeAllListeners("data").removeAllListeners("close").resume();
			store.removeAllListeners("data").removeAllListeners("close").resume();
		}
	}

	async close() {
		this.cut();
		this.server.close();
		await once(this.server, "close");
	}

	#accept(worker) {
		this.connects.push(performance.now());
		worker.on("error", () => {}); // "close" follows
		if (this.#silent) {
			this.#pairs.add([worker]);
			worker.resume();
			return;
		}
		if (this.#behind === undefined) {
			worker.destroy();
			return;
		}
		const store = connect(this.#behind);
		const pair = [worker, store];
		const end = () => {
			for (const socket of pair) socket.destroy();
			this.#pairs.delete(pair);
		};
		this.#pairs.add(pair);
		store.on("error", () => {});
		worker.on("data", (bytes) => store.write(bytes)).on("close", end);
		store.on("data", (bytes) => worker.write(bytes)).on("close", end);
	}
}
