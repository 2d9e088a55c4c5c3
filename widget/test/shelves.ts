// Shelves for the tests: in memory, and broken ones.

import type { Shelf } from "../src/shelf";

export function shelf(content: Record<string, string> = {}): Shelf & { readonly size: number } {
	const map = new Map(Object.entries(content));
	return {
		getItem: (key) => map.get(key) ?? null,
		setItem: (key, value) => void map.set(key, value),
		removeItem: (key) => void map.delete(key),
		get size() {
			return map.size;
		},
	};
}

export function forbidden(): never {
	throw new Error("SecurityError");
}
