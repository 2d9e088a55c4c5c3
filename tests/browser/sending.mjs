// What tests of uploads do with a page that sends files.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A way to the server that lets only so much of what a connection sends through, and can be cut. */
export class NarrowWay {
	#pairs = new Map();
	#left;
	#isCut = false;

	/** Resolves to a way to a port of 127.0.0.1 that keeps back what a connection sends after this many bytes. */
	static async open(behind, bytes) {
		const way = new NarrowWay();
		way.#left = bytes;
		way.server = createServer({ noDelay: true }, (near) => way.#carry(near, behind));
		await once(way.server.listen(0, "127.0.0.1"), "listening");
		way.url = `http://127.0.0.1:${way.server.address().port}`;
		return way;
	}

	#carry(near, behind) {
		if (this.#isCut) return near.destroy();
		const far = connect({ port: behind, host: "127.0.0.1", noDelay: true });
		this.#pairs.set(near, far);
		let left = this.#left;
		near.on("data", (piece) => {
			far.write(piece.subarray(0, left));
			left -= piece.length;
			if (left <= 0) near.pause();
		});
		far.pipe(near);
		for (const [one, other] of [
			[near, far],
			[far, near],
		]) {
			one.on("error", () => other.destroy());
			one.on("close", () => {
				this.#pairs.delete(near);
				other.destroy();
			});
		}
	}

	/** Ends all connections, and new ones. */
	cut() {
		this.#isCut = true;
		for (const [near, far] of this.#pairs) {
			near.destroy();
			far.destroy();
		}
	}

	/** New connections are let through again, each with this many bytes. */
	mend(bytes = Number.POSITIVE_INFINITY) {
		this.#isCut = false;
		this.#left = bytes;
	}

	close() {
		this.cut();
		this.server.close();
	}
}

/** Pastes or drops a file with this name and content where the locator is. */
export function give(locator, type, name, content = "text") {
	return locator.evaluate(
		(node, [kind, called, text]) => {
			const data = new DataTransfer();
			data.items.add(new File([text], called, { type: "text/plain" }));
			const options = { bubbles: true, cancelable: true, composed: true };
			const event =
				kind === "paste"
					? new ClipboardEvent("paste", { ...options, clipboardData: data })
					: new DragEvent(kind, { ...options, dataTransfer: data });
			node.dispatchEvent(event);
		},
		[type, name, content],
	);
}

/** A page's requests that send bytes: their offsets, and how much of the last file the server has. */
export class Sendings {
	offsets = [];

	constructor(page, { url }) {
		page.on("request", (one) => {
			if (one.method() !== "PATCH") return;
			const headers = one.headers();
			this.offsets.push(Number(headers["upload-offset"]));
			this.file = `${url}${new URL(one.url()).pathname}`;
			this.token = headers["upload-token"];
		});
	}

	async isBegun() {
		if (!this.file) return false;
		const headers = { "upload-token": this.token };
		const answer = await fetch(this.file, { method: "HEAD", headers });
		return Number(answer.headers.get("upload-offset")) > 0;
	}
}
