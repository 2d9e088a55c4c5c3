// The network of the machines: a bridge in the namespace of the tests, to which each machine has a cable. The tests
// themselves have an address on it, as visitors do.

import { run } from "./process.mjs";

const BRIDGE = "br0";
export const NETWORK = "10.77.0";
const VISITORS = `${NETWORK}.254`;

/** Ports that only etcd uses. */
const ETCD_PORTS = "{ 2379, 2380 }";

export async function createNetwork() {
	await run("ip", ["link", "set", "lo", "up"]);
	await run("ip", ["link", "add", BRIDGE, "type", "bridge"]);
	await run("ip", ["addr", "add", `${VISITORS}/24`, "dev", BRIDGE]);
	await run("ip", ["link", "set", BRIDGE, "up"]);
}

/** Connects a machine that has booted. Its end of the cable disappears with its namespace. */
export async function plugIn(machine) {
	const cable = `to-${machine.name}`;
	await run("ip", [
		"link",
		"add",
		cable,
		"type",
		"veth",
		"peer",
		"name",
		"eth0",
		"netns",
		`${machine.init}`,
	]);
	await run("ip", ["link", "set", cable, "master", BRIDGE, "up"]);
	const inside = `ip link set lo up && ip addr add ${machine.address}/24 dev eth0 && ip link set eth0 up`;
	await machine.run("sh", ["-c", inside]);
}

/** Cuts the cable, so that a machine that dies says goodbye to nobody: no FIN, no RST. */
export function unplug(machine) {
	return run("ip", ["link", "delete", `to-${machine.name}`]);
}

/** Rules that drop what a machine sends to, or gets from, the others. */
const DROPS = {
	out: (others, ports) => `chain out { type filter hook output priority 0;
		ip daddr ${others} ${ports ? `tcp dport ${ports}` : ""} drop
		${ports ? `ip daddr ${others} tcp sport ${ports} drop` : ""}
	}`,
	in: (others, ports) => `chain in { type filter hook input priority 0;
		ip saddr ${others} ${ports ? `tcp sport ${ports}` : ""} drop
		${ports ? `ip saddr ${others} tcp dport ${ports} drop` : ""}
	}`,
};

/**
 * Separates a machine from others. Visitors still reach all of them.
 * @param {("in" | "out")[]} directions
 * @param {boolean} [etcd] whether only etcd is affected
 */
export async function separate(machine, others, directions, etcd = false) {
	const set = `{ ${others.map(({ address }) => address).join(", ")} }`;
	const chains = directions.map((way) => DROPS[way](set, etcd && ETCD_PORTS));
	await machine.run("nft", ["-f", "-"], { input: `table inet cut {\n${chains.join("\n")}\n}\n` });
}

export async function reunite(machine) {
	await machine.run("nft", ["-f", "-"], { input: "table inet cut {}\ndelete table inet cut\n" });
}
