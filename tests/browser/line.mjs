// A breakable connection between browser and banter: forwards TCP until it is cut.

import { connect, createServer } from "node:net";

export class Line {
	#pairs = new Set();
	#server;
	#isCut = false;

	/** @param {() => number} port where banter listens */
	constructor(port) {
		this.#server = createServer((near) => {
			if (this.#isCut) {
				near.destroy();
				return;
			}
			const far = connect(port(), "127.0.0.1");
			const pair = { near, far };
			this.#pairs.add(pair);
			for (const [from, to] of [
				[near, far],
				[far, near],
			]) {
				from.pipe(to);
				from.on("error", () => {});
				from.on("close", () => {
					to.destroy();
					this.#pairs.delete(pair);
				});
			}
		});
	}

	async start() {
		await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
		this.url = `http://127.0.0.1:${this.#server.address().port}`;
	}

	/** All connections break, and new ones too. */
	cut() {
		this.#isCut = true;
		for (const { near, far } of this.#pairs) {
			near.resetAndDestroy();
			far.destroy();
		}
	}

	mend() {
		this.#isCut = false;
	}

	stop() {
		this.cut();
		this.#server.close();
	}
}
