// Ports for servers that tests start. Another test must not take a port between the moment it is chosen and
// the moment it is bound. So each of the runner's parallel jobs has a range of its own, and a test file uses
// the ports of its range in turn.

import { createServer } from "node:net";

/**
 * BANTER_TEST_PORTS=FIRST+COUNT: set by the runner for each job, or by a person who starts two runners at a
 * time. The default ends below the ports of outgoing connections, 32,768 and up (ip(7),
 * ip_local_port_range).
 */
const [FIRST, COUNT] = (process.env.BANTER_TEST_PORTS ?? "20000+12000").split("+").map(Number);

/** The environment that gives the range of the i-th of n parallel jobs to the program it runs. */
export function portRange(i, n) {
	const count = Math.floor(COUNT / n);
	return { BANTER_TEST_PORTS: `${FIRST + i * count}+${count}` };
}

// A random start: servers of the previous test file may still be shutting down.
let next = Math.floor(Math.random() * COUNT);

/** A port that is free on both loopback addresses. No other test gets it. */
export async function freePort() {
	for (let tries = 0; tries < COUNT; tries++) {
		const port = FIRST + (next++ % COUNT);
		if ((await canListen(port, "127.0.0.1")) && (await canListen(port, "::1"))) return port;
	}
	throw new Error(`all ${COUNT} ports from ${FIRST} on are in use`);
}

function canListen(port, host) {
	return new Promise((done) => {
		const server = createServer();
		server.once("error", () => done(false));
		server.listen(port, host, () => server.close(() => done(true)));
	});
}
