// The token by which a widget's server knows a visitor again, shared by all tabs of the site.

import type { BrowserStorage } from "../chat/browser-storage";

export interface Tokens {
	get(): string | null;
	put(token: string): void;
	/** Of one that is no good any more; another tab may have a better one by now. */
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
