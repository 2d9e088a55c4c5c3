// A mail server whose behaviour at each command a test decides: faults are scripted, mails are kept.

import { createServer } from "node:net";
import { TLSSocket } from "node:tls";

const STEPS = ["connect", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "end", "QUIT"];

export class MailServer {
	/** @param {{ tls?: { key: string, cert: string }, login?: [string, string] }} options */
	constructor({ tls, login } = {}) {
		this.tls = tls;
		this.login = login;
		/** The mails that were accepted, in their order. */
		this.mails = [];
		/** How often each step came. */
		this.counts = Object.fromEntries(STEPS.map((step) => [step, 0]));
		/** (step, its number from 1, the line) → a reply, "cut" (the connection), "silence", or undefined: as usual. */
		this.script = () => undefined;
		this.sockets = new Set();
		this.server = createServer((socket) => this.serve(socket));
	}

	async start(port = 0) {
		await new Promise((done) => this.server.listen(port, "127.0.0.1", done));
		this.port = this.server.address().port;
		return this;
	}

	get url() {
		return `smtp://127.0.0.1:${this.port}`;
	}

	async stop() {
		for (const socket of this.sockets) socket.destroy();
		await new Promise((done) => this.server.close(done));
	}

	/** The accepted mails to an address. */
	to(address) {
		return this.mails.filter((mail) => mail.to === address);
	}

	serve(plain) {
		let socket = plain;
		let buffer = "";
		let isData = false;
		let mail = { lines: [] };
		let isIn = this.login === undefined;
		let isLogin = false;
		const logIn = (secret) => {
			const given = Buffer.from(secret, "base64").toString().split("\0").slice(1);
			isIn = given.join(" ") === this.login?.join(" ");
			return send(isIn ? "235 in" : "535 5.7.8 authentication failed");
		};
		const send = (text) => socket.writable && socket.write(`${text}\r\n`);
		/** Whether the step goes on. */
		const step = (name, line = "") => {
			const said = this.script(name, ++this.counts[name], line);
			if (said === "cut") socket.destroy();
			else if (said !== undefined && said !== "silence") {
				send(said);
				if (said.startsWith("421")) socket.end();
			}
			return said === undefined;
		};
		const onLine = (line) => {
			if (isData) {
				if (line !== ".") {
					mail.lines.push(line.replace(/^\./, ""));
					return;
				}
				isData = false;
				const done = parseMail(mail);
				const answer = this.script("end", ++this.counts.end, done.id);
				// The answer is lost: the server has the mail.
				if (answer === "cut") this.mails.push(done);
				if (answer === "cut") return socket.destroy();
				if (answer === "cut before") return socket.destroy();
				if (answer !== undefined) return send(answer);
				this.mails.push(done);
				return send("250 OK");
			}
			if (isLogin) {
				isLogin = false;
				return logIn(line);
			}
			const command = line.split(/[ :]/)[0].toUpperCase();
			if (command === "EHLO" || command === "HELO") {
				if (!step("EHLO", line)) return;
				const features = ["250-mail.example", "250-SIZE 1000000", "250-8BITMIME", "250-SMTPUTF8"];
				if (this.tls && socket === plain) features.push("250-STARTTLS");
				if (this.login) features.push("250-AUTH PLAIN LOGIN");
				features.push("250 HELP");
				return features.forEach(send);
			}
			if (command === "STARTTLS") {
				if (!step("STARTTLS", line)) return;
				send("220 go");
				plain.removeAllListeners("data");
				socket = new TLSSocket(plain, { isServer: true, ...this.tls });
				socket.on("error", () => {});
				socket.on("data", onData);
				return;
			}
			if (command === "AUTH") {
				if (!step("AUTH", line)) return;
				const secret = line.split(" ")[2];
				if (secret !== undefined) return logIn(secret);
				isLogin = true;
				return send("334 ");
			}
			if (command === "MAIL") {
				if (!step("MAIL", line)) return;
				mail = { lines: [], secure: socket !== plain, from: /<(.*?)>/.exec(line)[1] };
				return send(isIn ? "250 OK" : "530 5.7.0 authentication required");
			}
			if (command === "RCPT") {
				if (!step("RCPT", line)) return;
				mail.to = /<(.*?)>/.exec(line)[1];
				return send("250 OK");
			}
			if (command === "DATA") {
				if (!step("DATA", line)) return;
				isData = true;
				return send("354 go on");
			}
			if (command === "QUIT") {
				if (!step("QUIT", line)) return;
				send("221 bye");
				return socket.end();
			}
			send("250 OK");
		};
		const onData = (bytes) => {
			buffer += bytes.toString("latin1");
			for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
				const line = buffer.slice(0, end);
				buffer = buffer.slice(end + 2);
				onLine(line);
			}
		};
		this.sockets.add(plain);
		plain.on("close", () => this.sockets.delete(plain));
		plain.on("error", () => {});
		plain.on("data", onData);
		if (step("connect")) send("220 mail.example");
	}
}

/** A mail's headers (decoded), its text and its id. */
export function parseMail({ lines, ...mail }) {
	const end = lines.indexOf("");
	const headers = {};
	for (const line of lines
		.slice(0, end)
		.join("\r\n")
		.replaceAll(/\r\n[ \t]+/g, " ")
		.split("\r\n")) {
		const colon = line.indexOf(":");
		headers[line.slice(0, colon).toLowerCase()] = decodeWords(line.slice(colon + 1).trim());
	}
	const text = quotedPrintable(lines.slice(end + 1).join("\n"));
	return { ...mail, lines, headers, text, id: headers["message-id"] };
}

const decodeWords = (text) =>
	text
		.replaceAll(/\?= =\?/g, "?==?")
		.replaceAll(/=\?UTF-8\?B\?(.*?)\?=/g, (_, base64) => Buffer.from(base64, "base64").toString());

function quotedPrintable(text) {
	const joined = text.replaceAll("=\n", "");
	const bytes = joined.replaceAll(/=([0-9A-F]{2})/g, (_, hex) =>
		String.fromCharCode(Number.parseInt(hex, 16)),
	);
	return Buffer.from(bytes, "latin1").toString("utf8");
}
