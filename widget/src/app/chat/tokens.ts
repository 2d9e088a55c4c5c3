// The token that identifies a visitor to a widget's server, shared by all tabs of the site.

import type { BrowserStorage } from "../chat/browser-storage";

export interface Tokens {
	get(): string | null;
	put(token: string): void;
	/** Removes an invalid token, unless another tab has replaced it. */
	drop(token: string | null): void;
}

const KEY = "banter.token.";

export function openTokens(storage: BrowserStorage, widgetId: string): Tokens {
	const key = KEY + widgetId;
	return {
		get: () => storage.getItem(key),
		put: (token) => storage.setItem(key, token),
		drop(token) {
			if (storage.getItem(key) === token) storage.removeItem(key);
		},
	};
}
