// The four events of the chat API, one JSON object a line.

export type ChatEvent =
	| { readonly type: "start" }
	| { readonly type: "token"; readonly token: string }
	| { readonly type: "done"; readonly message: string }
	| { readonly type: "error" };

function parseObject(line: string): Record<string, unknown> | null {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === "object" && value !== null ? { ...value } : null;
	} catch {
		return null;
	}
}

/** null: nothing that this widget knows. A newer server may say more than we understand. */
export function parseEvent(line: string): ChatEvent | null {
	const event = parseObject(line);
	switch (event?.type) {
		case "start":
		case "error":
			return { type: event.type };
		case "token":
			return typeof event.token === "string" ? { type: "token", token: event.token } : null;
		case "done":
			return { type: "done", message: typeof event.message === "string" ? event.message : "" };
		default:
			return null;
	}
}
