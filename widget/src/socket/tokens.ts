// The token by which a widget's server knows a visitor again, shared by all tabs of the site.

import type { Shelf } from "../shelf";

export interface Tokens {
	get(): string | null;
	put(token: string): void;
	/** Of one that is no good any more; another tab may have a better one by now. */
	drop(token: string | null): void;
}

const KEY = "banter.token.";

export function openTokens(shelf: Shelf, widgetId: string): Tokens {
	const key = KEY + widgetId;
	return {
		get: () => shelf.getItem(key),
		put: (token) => shelf.setItem(key, token),
		drop(token) {
			if (shelf.getItem(key) === token) shelf.removeItem(key);
		},
	};
}
