// The browser's storage, with memory as a fallback: a browser may forbid storage, and then even
// reading the property throws.

/** The methods of Storage that we need. */
export interface BrowserStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
}

/**
 * Never throws; keeps every value at least while the page lives. Once `signal` is aborted nothing is written
 * any more.
 */
export function openBrowserStorage(
	open: () => BrowserStorage,
	signal?: AbortSignal,
): BrowserStorage {
	const memory = new Map<string, string>();
	/** Keys whose old value the browser refused to remove. */
	const stale = new Set<string>();

	/** Returns false if storage is full or forbidden. */
	function attempt(use: (storage: BrowserStorage) => void): boolean {
		try {
			use(open());
			return true;
		} catch {
			return false;
		}
	}

	/** Removes the value; a value written later by another page is still visible. */
	function drop(key: string): void {
		if (attempt((storage) => storage.removeItem(key))) stale.delete(key);
		else stale.add(key);
	}

	return {
		getItem(key) {
			let kept: string | null = null;
			attempt((storage) => {
				kept = storage.getItem(key);
			});
			return (stale.has(key) ? null : kept) ?? memory.get(key) ?? null;
		},
		setItem(key, value) {
			if (signal?.aborted) return;
			memory.set(key, value);
			if (attempt((storage) => storage.setItem(key, value))) stale.delete(key);
			else drop(key);
		},
		removeItem(key) {
			if (signal?.aborted) return;
			memory.delete(key);
			drop(key);
		},
	};
}
