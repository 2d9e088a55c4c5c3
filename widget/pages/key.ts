// The WIDGET_API_KEY of the demo pages. It arrives in the URL's fragment, which browsers never send
// to a server, and is removed from the address bar immediately, so that it does not enter history
// or bookmarks.

const KEY = "banter.demo.key";

/** Not URLSearchParams, which would decode the + of a base64 key as a space. */
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
		// Storage is forbidden: the page asks for the key again after a reload.
	}
}

/** The key from the URL, else the one stored in this tab, else null. */
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
		// It was not stored.
	}
}
