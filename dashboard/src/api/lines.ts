// The objects of a response in NDJSON, one a line, as they arrive.

export async function* readLines<T>(response: Response): AsyncGenerator<T> {
	const reader = response.body?.getReader();
	if (!reader) return;
	const decoder = new TextDecoder();
	let rest = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			rest += decoder.decode(value, { stream: !done });
			const lines = rest.split("\n");
			rest = done ? "" : (lines.pop() ?? "");
			for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
			if (done) return;
		}
	} finally {
		// Also when the caller stops reading: the server then stops the reply.
		await reader.cancel().catch(() => {});
	}
}
