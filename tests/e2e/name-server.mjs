// A name server (RFC 1035) that resolves every name to 127.0.0.1 and can stop answering, and a command that
// runs a program with this name server only.

import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const A = 1; // record type

/** Why a program cannot have its own resolver on this machine, or false. */
export function whyNoNamespaces() {
	const { status } = spawnSync("unshare", ["--mount", "true"]);
	return status === 0 ? false : "needs root: a mount namespace, and port 53";
}

export class NameServer {
	silent = false;
	asked = 0;

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

	/** 127.0.0.1 for every name; no records of other types. */
	#answer(question) {
		let end = 12;
		while (question[end] !== 0) end += question[end] + 1;
		const type = question.readUInt16BE(end + 1);
		const asked = question.subarray(12, end + 5);
		const head = Buffer.alloc(12);
		question.copy(head, 0, 0, 2);
		head.writeUInt16BE(0x8180, 2);
		head.writeUInt16BE(1, 4);
		head.writeUInt16BE(type === A ? 1 : 0, 6);
		const record = Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
		return Buffer.concat(type === A ? [head, asked, record] : [head, asked]);
	}

	/** The command that runs a program with this resolver. It has the pid of the program. */
	command(program, args) {
		const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
		return ["unshare", ["--mount", "sh", "-c", script, this.config, program, ...args]];
	}
}
