// What proc(5) knows of processes and sockets.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

function parentOf(pid) {
	try {
		// proc(5): pid (comm) state ppid …; the name may hold anything.
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return state === "Z" ? 0 : Number(parent);
	} catch {
		return 0; // it has gone
	}
}

function linkOf(path) {
	try {
		return readlinkSync(path);
	} catch {
		return "";
	}
}

/** Among whom a process's children are: what the kernel says of each thread or, if it says nothing
 * (CONFIG_PROC_CHILDREN), everybody. */
function possibleChildrenOf(pid) {
	try {
		return readdirSync(`/proc/${pid}/task`).flatMap(
			(thread) =>
				readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").match(/\d+/g) ?? [],
		);
	} catch {
		return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
	}
}

/** The processes that this one started and that still run. */
export function childrenOf(pid) {
	return possibleChildrenOf(pid)
		.filter((child) => parentOf(child) === pid)
		.map(Number);
}

/** The processor time that a process has used, in ms. */
export function cpuOf(pid) {
	const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10; // utime, stime; USER_HZ is 100
}

/** The memory of a process that is in use, in bytes: resident, without what it shares. */
export function memoryOf(pid) {
	const status = readFileSync(`/proc/${pid}/status`, "latin1");
	return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

/** The descriptors of a process; none of one that has gone. */
function descriptorsOf(pid) {
	try {
		return readdirSync(`/proc/${pid}/fd`);
	} catch {
		return [];
	}
}

/** How many sockets a process holds. */
export function socketsOf(pid) {
	return readdirSync(`/proc/${pid}/fd`).filter((fd) =>
		linkOf(`/proc/${pid}/fd/${fd}`).startsWith("socket:"),
	).length;
}

/** Which of these processes holds which socket: inode → pid. */
export function socketHolders(pids) {
	const holders = new Map();
	for (const pid of pids)
		for (const fd of descriptorsOf(pid)) {
			const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
			if (inode) holders.set(inode, pid);
		}
	return holders;
}

/** The inodes of the IPv4 sockets with this local port, by their remote port (proc(5)). */
export function inodesByRemotePort(localPort) {
	const port = (address) => Number.parseInt(address.split(":")[1], 16);
	const inodes = new Map();
	for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
		const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
		if (local && port(local) === localPort) inodes.set(port(remote), inode);
	}
	return inodes;
}
