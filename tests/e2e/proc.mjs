// Processes and sockets as proc(5) shows them.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

function parentOf(pid) {
	try {
		// proc(5): pid (comm) state ppid …; the name may hold anything.
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return state === "Z" ? 0 : Number(parent);
	} catch {
		return 0; // it has exited
	}
}

function linkOf(path) {
	try {
		return readlinkSync(path);
	} catch {
		return "";
	}
}

/** Candidates: the children of each thread, or all processes if the kernel lacks CONFIG_PROC_CHILDREN. */
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

export function childrenOf(pid) {
	return possibleChildrenOf(pid)
		.filter((child) => parentOf(child) === pid)
		.map(Number);
}

/** The CPU time of a process, in ms. */
export function cpuOf(pid) {
	const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10; // utime, stime; USER_HZ is 100
}

/** The private memory of a process in bytes, without files and the LMDB map, which belong to the page cache. */
export function memoryOf(pid) {
	const status = readFileSync(`/proc/${pid}/status`, "latin1");
	const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)[1]);
	return (kib("RssAnon") + kib("RssShmem")) * 1024;
}

/** The descriptors of a process; none if it has exited. */
function descriptorsOf(pid) {
	try {
		return readdirSync(`/proc/${pid}/fd`);
	} catch {
		return [];
	}
}

/** R, S, D, T (stopped), t (stopped by a tracer), … */
export const stateOf = (pid) =>
	/^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];

export const filesOf = (pid) => descriptorsOf(pid).length;

export function socketsOf(pid) {
	return descriptorsOf(pid).filter((fd) => linkOf(`/proc/${pid}/fd/${fd}`).startsWith("socket:"))
		.length;
}

/** A map of the sockets of these processes: inode → pid. */
export function socketHolders(pids) {
	const holders = new Map();
	for (const pid of pids)
		for (const fd of descriptorsOf(pid)) {
			const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
			if (inode) holders.set(inode, pid);
		}
	return holders;
}

/** The inodes of the IPv4 sockets with this local port, by their remote port. */
export function inodesByRemotePort(localPort) {
	const port = (address) => Number.parseInt(address.split(":")[1], 16);
	const inodes = new Map();
	for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
		const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
		if (local && port(local) === localPort) inodes.set(port(remote), inode);
	}
	return inodes;
}
