// Forwards connections to a port of this machine, and can let the server vanish as if its machine had lost its power.
// And a server whose address is dead: connections to it are neither accepted nor refused.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Daemon, Log, until } from "./daemon.mjs";
import { join } from "./forward-proxy.mjs";

export class Relay {
	#pairs = [];
	connections = 0;

	/** Resolves to a relay that listens there, in front of a port of 127.0.0.1. */
	static async open(port, host, behind) {
		const relay = new Relay();
		relay.server = createServer((near) => {
			const far = connect(behind, "127.0.0.1");
			relay.connections++;
			relay.#pairs.push([near, far]);
			join(near, far);
		});
		await once(relay.server.listen(port, host), "listening");
		return relay;
	}

	/** Open connections stay open, but nothing is forwarded any more. New ones are forwarded. */
	vanish() {
		for (const [near, far] of this.#pairs) {
			near.unpipe(far).removeAllListeners("close").resume();
			far.unpipe(near).removeAllListeners("close").destroy();
		}
	}

	/** Closes everything; new connections are refused. */
	stop() {
		for (const socket of this.#pairs.flat()) socket.destroy();
		this.server.close();
	}
}

/** A stopped process listens there, and its queue of connections is full: more get no answer. */
export class DeadAddress {
	#fillers = [];

	static async open(port, host) {
		const dead = new DeadAddress();
		const listen = `require("net").createServer().listen({port:${port},host:"${host}",backlog:1})`;
		dead.daemon = new Daemon(
			process.execPath,
			["-e", listen],
			{ PATH: process.env.PATH },
			new Log(),
		);
		dead.daemon.start();
		const isOpen = () => {
			const socket = connect(port, host);
			return once(socket, "connect").then(
				() => socket.destroy(),
				() => false,
			);
		};
		await until("it listens", isOpen);
		dead.daemon.child.kill("SIGSTOP");
		let queued = 0;
		for (let i = 0; i < 8; i++)
			dead.#fillers.push(connect(port, host, () => queued++).on("error", () => {}));
		await until("its queue is full", () => queued > 0).catch(async (error) => {
			await dead.stop();
			throw error;
		});
		return dead;
	}

	stop() {
		for (const socket of this.#fillers) socket.destroy();
		return this.daemon.kill("SIGKILL");
	}
}
