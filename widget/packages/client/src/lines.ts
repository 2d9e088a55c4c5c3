// Reads a response as it arrives: lines, and server-sent events.

/** The lines of a body. A body that is silent for `silence` milliseconds ends, as one that was cut. */
async function* linesOf(response: Response, silence: number): AsyncGenerator<string, void, void> {
	const reader = response.body?.getReader();
	if (!reader) return;
	const decoder = new TextDecoder();
	let rest = "";
	try {
		for (;;) {
			const timer = setTimeout(() => reader.cancel().catch(() => {}), silence);
			const { done, value } = await reader.read().finally(() => clearTimeout(timer));
			if (done) return;
			const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
			rest = lines.pop() ?? "";
			yield* lines;
		}
	} finally {
		// Also when the caller stops reading: the connection ends.
		reader.cancel().catch(() => {});
	}
}

/** The objects of an NDJSON stream; empty lines keep the connection open. */
export async function* objectsOf(
	response: Response,
	silence: number,
): AsyncGenerator<unknown, void, void> {
	for await (const line of linesOf(response, silence)) if (line.trim()) yield JSON.parse(line);
}

/** The server-sent events of a stream, with their ids. */
export async function* eventsOf(
	response: Response,
	silence: number,
): AsyncGenerator<{ id: string; data: unknown }, void, void> {
	let id = "";
	let data = "";
	for await (const line of linesOf(response, silence)) {
		const [, name, value = ""] = /^(\w+): ?(.*)/.exec(line.trimEnd()) ?? [];
		if (name === "id") id = value;
		else if (name === "data") data += value;
		else if (!line.trim() && data) {
			yield { id, data: JSON.parse(data) };
			data = "";
		}
	}
}
