// Storage for tests: in memory, and forbidden.

import type { BrowserStorage } from "../src/app/chat/browser-storage";

export function fakeStorage(
	content: Record<string, string> = {},
): BrowserStorage & { readonly size: number } {
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
