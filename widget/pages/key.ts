// The WIDGET_API_KEY of the demo pages. It comes in the fragment, which browsers send to no
// server, and leaves the address bar at once, so that it stays out of history and bookmarks.

const KEY = "banter.demo.key";

/** Not URLSearchParams, to which the + of a base64 key is a space. */
export function keyInFragment(hash: string): string | null {
	const value = /^#(?:.*&)?key=([^&]*)/.exec(hash)?.[1];
	if (!value) return null;
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}

export function keepKey(key: string): void {
	try {
		sessionStorage.setItem(KEY, key);
	} catch {
		// Storage is forbidden: the page asks again after a reload.
	}
}

/** The key from the address, else the one of earlier in this tab, else null. */
export function takeKey(): string | null {
	const fresh = keyInFragment(location.hash);
	if (fresh !== null) {
		keepKey(fresh);
		history.replaceState(null, "", location.pathname + location.search);
		return fresh;
	}
	try {
		return sessionStorage.getItem(KEY) || null;
	} catch {
		return null;
	}
}

export function forgetKey(): void {
	try {
		sessionStorage.removeItem(KEY);
	} catch {
		// Then it was never kept.
	}
}
