// Values from the network, which may be anything.

export function parseObject(text: string): object | null {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null ? value : null;
	} catch {
		return null;
	}
}

export function textOf(value: unknown): string {
	return typeof value === "string" ? value : "";
}
