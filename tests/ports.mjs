// Ports for what a test starts. Nothing may take one between its being chosen and its being bound: so the
// runner gives each of its hands a share of them, and a file takes each port of its share in turn.

import { createServer } from "node:net";

/**
 * The first and how many, as BANTER_TEST_PORTS says it: what the runner gave, or what somebody gave the
 * runner, who runs two side by side. All of them end below the ports that outgoing connections use, which
 * begin at 32,768 (ip(7), ip_local_port_range).
 */
const [FIRST, COUNT] = (process.env.BANTER_TEST_PORTS ?? "20000+12000").split("+").map(Number);

/** The share of one hand of so many, for the environment of what it runs. */
export function portShare(hand, hands) {
	const count = Math.floor(COUNT / hands);
	return { BANTER_TEST_PORTS: `${FIRST + hand * count}+${count}` };
}

// Not from the start: what an earlier file began may still be ending.
let next = Math.floor(Math.random() * COUNT);

/** A port free on both loopback addresses, which no other test has or gets. */
export async function freePort() {
	for (let tries = 0; tries < COUNT; tries++) {
		const port = FIRST + (next++ % COUNT);
		if ((await canListen(port, "127.0.0.1")) && (await canListen(port, "::1"))) return port;
	}
	throw new Error(`no port is free of the ${COUNT} from ${FIRST} on`);
}

function canListen(port, host) {
	return new Promise((done) => {
		const server = createServer();
		server.once("error", () => done(false));
		server.listen(port, host, () => server.close(() => done(true)));
	});
}
