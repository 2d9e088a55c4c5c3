// Newline-delimited JSON from a byte stream: the network may cut it anywhere, also inside a
// character. Knows lines, not what is in them.

/** No event of the API comes near this; a server that sends no newline must not fill memory. */
export const MAX_LINE = 1 << 20;

export class LineSplitter {
	private readonly decoder = new TextDecoder();
	private tail = "";

	/** The lines that these bytes complete. Throws RangeError on a line without end. */
	push(bytes: Uint8Array): string[] {
		return this.split(this.decoder.decode(bytes, { stream: true }));
	}

	/** What is left when the stream ends: its last line may lack the newline. */
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

/** Leaving the loop early cancels the stream. `onBytes` hears of every read. */
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
		// On an errored stream this rejects with the error that is already on its way out.
		reader.cancel().catch(() => undefined);
	}
}
