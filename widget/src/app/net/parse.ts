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

/** As JSON.stringify(), but without the methods toJSON() that a page has given to all arrays or objects. */
export function stringify(value: object | null): string {
	return JSON.stringify(value, function (this: Record<string, unknown>, name, converted) {
		const own = this[name];
		const { toJSON } = Object(own);
		const added = [Array.prototype, Object.prototype].map((one) => Reflect.get(one, "toJSON"));
		return added.includes(toJSON) ? own : converted;
	});
}
