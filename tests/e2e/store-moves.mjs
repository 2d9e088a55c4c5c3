// A banter whose workers reach storaged through a proxy, and whose store moves: storaged ends, and another one
// continues with a copy of its data.

import assert from "node:assert/strict";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Banter, withBanter } from "./harness.mjs";
import { StoreProxy } from "./store-proxy.mjs";

export class MovingBanter extends Banter {
	moves = 0;

	async start() {
		await super.start();
		this.proxy.connects.length = 0;
	}

	daemon(name, args, env) {
		if (name !== "masterd") return super.daemon(name, args, env);
		return super.daemon(name, args, { ...env, STORE_SOCKET: join(this.dir, "proxy.sock") });
	}

	/** The first one starts with the proxy in front of it. */
	startStore() {
		super.startStore();
		const opening = this.proxy ?? StoreProxy.open(join(this.dir, "proxy.sock"));
		Promise.resolve(opening).then((proxy) => {
			this.proxy = proxy;
			proxy.lead(this.storeSocket);
		});
	}

	get storeSocket() {
		return join(this.storaged.env.DATA_DIR, "store.sock");
	}

	/** Ends storaged; the proxy then has no store behind it. */
	async loseStore(signal = "SIGKILL") {
		this.proxy.lead(undefined);
		this.storaged.restart = false;
		await this.storaged.kill(signal);
		this.storaged.mustRun = false;
		this.proxy.cut();
	}

	/** Starts storaged on a copy of the data; the proxy leads to it when it is ready. */
	async findStore() {
		const before = this.storaged;
		const data = join(this.dir, `data-${++this.moves}`);
		await mkdir(data);
		for (const file of ["data.mdb"]) await cp(join(before.env.DATA_DIR, file), join(data, file));
		this.storaged = super.daemon("storaged", [], { ...before.env, DATA_DIR: data });
		const position = this.log.lines.length;
		this.storaged.start();
		this.storaged.mustRun = true;
		await this.log.waitFor("the store is ready", ({ ev }) => ev === "store_ready", position);
		this.proxy.lead(this.storeSocket);
	}

	/** Both; resolves to the time that no store was there, in ms. */
	async moveStore(signal) {
		const start = performance.now();
		await this.loseStore(signal);
		await this.findStore();
		return performance.now() - start;
	}

	async end() {
		await this.proxy?.close();
		return super.end();
	}
}

export const withMoves = (options, body) => withBanter(new MovingBanter(options), body);

export function assertUninterrupted(banter) {
	assert.deepEqual(
		banter.log.lines.filter(({ ev }) => ev === "turn_interrupted").map(({ text }) => text),
		[],
	);
}
