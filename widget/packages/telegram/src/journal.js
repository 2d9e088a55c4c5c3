// What the adapter must know after a restart, on disk: which deliveries were shown, so that none is shown twice, and which messages
// wait. A delivery has a line for each part that Telegram has taken, and one at the end: what is between Telegram's answer and its
// line when the process dies may be shown again. A message that waits begins with "+", and its end with "-".

import { mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const KEPT = 10_000;

export class Journal {
	#done = new Set();
	#parts = new Map();
	#lines = 0;
	#last = Promise.resolve();
	/** Messages that wait, by id, in order. */
	held = new Map();

	static async open(path) {
		const journal = new Journal();
		journal.path = path;
		await mkdir(dirname(path), { recursive: true });
		const text = await readFile(path, "utf8").catch((error) => {
			if (error.code === "ENOENT") return "";
			throw error;
		});
		// The last line may be cut.
		for (const line of text.split("\n").slice(0, -1)) journal.#read(line);
		await journal.#rewrite();
		return journal;
	}

	#read(line) {
		if (line.startsWith("+")) {
			const message = JSON.parse(line.slice(1));
			this.held.set(message.id, message);
			return;
		}
		if (line.startsWith("-")) {
			this.held.delete(line.slice(1));
			return;
		}
		const [delivery, part] = line.split(" ");
		if (part !== undefined) this.#parts.set(delivery, Number(part));
		else this.#end(delivery);
	}

	#end(delivery) {
		this.#parts.delete(delivery);
		this.#done.add(delivery);
		if (this.#done.size > KEPT) this.#done.delete(this.#done.values().next().value);
	}

	/** Writes what is kept to a new file, which takes the place of the old one. */
	async #rewrite() {
		const lines = [
			...this.#done,
			...[...this.#parts].map((pair) => pair.join(" ")),
			...[...this.held.values()].map((message) => `+${JSON.stringify(message)}`),
		];
		await this.file?.close();
		await writeFile(`${this.path}.new`, lines.map((line) => `${line}\n`).join(""), { flush: true });
		await rename(`${this.path}.new`, this.path);
		this.file = await open(this.path, "a");
		this.#lines = lines.length;
	}

	/** Whether a delivery was shown. */
	has(delivery) {
		return this.#done.has(delivery);
	}

	/** How many of its parts were shown. */
	partsOf(delivery) {
		return this.#parts.get(delivery) ?? 0;
	}

	/** A part was shown (from 1), or, without it, the whole delivery. On disk when it resolves. */
	note(delivery, part) {
		return this.#add(part === undefined ? delivery : `${delivery} ${part}`);
	}

	/** A message waits; on disk when it resolves. */
	hold(message) {
		return this.#add(`+${JSON.stringify(message)}`);
	}

	/** It waits no more. */
	release(id) {
		return this.#add(`-${id}`);
	}

	#add(line) {
		this.#read(line);
		this.#last = this.#last.catch(() => {}).then(() => this.#write(line));
		return this.#last;
	}

	async #write(line) {
		await this.file.appendFile(`${line}\n`);
		await this.file.datasync();
		this.#lines++;
		if (this.#lines > 2 * KEPT) await this.#rewrite();
	}

	async close() {
		await this.#last.catch(() => {});
		await this.file.close();
	}
}
