// A name server (RFC 1035) that resolves every name to the same addresses and can stop answering, and a command
// that runs a program with this name server only.

import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const A = 1; // record types
const AAAA = 28;

/** The bytes of an address; of IPv6 only ::1. */
const bytesOf = (address) =>
	isIPv6(address) ? [...Array(15).fill(0), 1] : address.split(".").map(Number);

/** Why a program cannot have its own resolver on this machine, or false. */
export function whyNoNamespaces() {
	const { status } = spawnSync("unshare", ["--mount", "true"]);
	return status === 0 ? false : "needs root: a mount namespace, and port 53";
}

export class NameServer {
	silent = false;
	asked = 0;
	addresses = ["127.0.0.1"]; // of every name

	async start() {
		// A loopback address that no other test uses.
		const part = () => 1 + Math.floor(Math.random() * 250);
		this.address = `127.${part()}.${part()}.${part()}`;
		this.dir = mkdtempSync(join(tmpdir(), "banter-names-"));
		this.config = join(this.dir, "resolv.conf");
		// A lookup without an answer is repeated every 30 s.
		writeFileSync(this.config, `nameserver ${this.address}\noptions timeout:30 attempts:5\n`);
		this.socket = createSocket("udp4");
		this.socket.on("message", (question, { port, address }) => {
			this.asked++;
			if (!this.silent) this.socket.send(this.#answer(question), port, address);
		});
		await new Promise((done) => this.socket.bind(53, this.address, done));
	}

	stop() {
		this.socket.close();
		rmSync(this.dir, { recursive: true, force: true });
	}

	#answer(question) {
		let end = 12;
		while (question[end] !== 0) end += question[end] + 1;
		const type = question.readUInt16BE(end + 1);
		const asked = question.subarray(12, end + 5);
		const records = this.addresses
			.filter((address) => type === (isIPv6(address) ? AAAA : A))
			.map((address) => {
				const bytes = bytesOf(address);
				return [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes];
			});
		const head = Buffer.alloc(12);
		question.copy(head, 0, 0, 2);
		head.writeUInt16BE(0x8180, 2);
		head.writeUInt16BE(1, 4);
		head.writeUInt16BE(records.length, 6);
		return Buffer.concat([head, asked, ...records.map((record) => Buffer.from(record))]);
	}

	/** The command that runs a program with this resolver. It has the pid of the program. */
	command(program, args) {
		const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
		return ["unshare", ["--mount", "sh", "-c", script, this.config, program, ...args]];
	}
}
