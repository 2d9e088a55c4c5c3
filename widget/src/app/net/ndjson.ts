// Splits a byte stream into lines (NDJSON). Chunks may end anywhere, even inside a character.

/** Far longer than any event of the API; bounds memory if a server never sends a newline. */
export const MAX_LINE = 1 << 20;

export class LineSplitter {
	private readonly decoder = new TextDecoder();
	private tail = "";

	/** Returns the lines that these bytes complete. Throws RangeError if a line is too long. */
	push(bytes: Uint8Array): string[] {
		return this.split(this.decoder.decode(bytes, { stream: true }));
	}

	/** Returns the last line at the end of the stream, which may lack its newline. */
	end(): string[] {
		return this.split(`${this.decoder.decode()}\n`);
	}

	private split(text: string): string[] {
		const parts = text.split("\n");
		parts[0] = this.tail + (parts[0] ?? "");
		this.tail = parts.pop() ?? "";
		if (this.tail.length > MAX_LINE) throw new RangeError("line too long");
		return parts.map((line) => line.trim()).filter((line) => line !== "");
	}
}

/** Leaving the loop early cancels the stream. `onBytes` is called after every read. */
export async function* readLines(
	stream: ReadableStream<Uint8Array>,
	onBytes?: () => void,
): AsyncGenerator<string, void, void> {
	const reader = stream.getReader();
	const splitter = new LineSplitter();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			onBytes?.();
			yield* splitter.push(value);
		}
		yield* splitter.end();
	} finally {
		// On a failed stream this rejects with the error that is being thrown already.
		reader.cancel().catch(() => undefined);
	}
}
