// The browser's storage, with memory as a fallback: a browser may forbid storage, and then even
// reading the property throws.

/** The methods of Storage that we need. */
export interface BrowserStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
}

type Open = () => BrowserStorage;

function nowhere(): never {
	throw new Error();
}

/**
 * Never throws; keeps every value at least while the page lives. Once `signal` is aborted nothing is written
 * any more. `spare`: has the values that the storage has no room for.
 */
export function openBrowserStorage(
	open: Open,
	signal?: AbortSignal,
	spare: Open = nowhere,
): BrowserStorage {
	const memory = new Map<string, string>();
	/** Keys whose old value the browser refused to remove. */
	const stale = new Set<string>();

	/** Returns false if storage is full or forbidden. */
	function attempt(from: Open, use: (storage: BrowserStorage) => void): boolean {
		try {
			use(from());
			return true;
		} catch {
			return false;
		}
	}

	function read(from: Open, key: string): string | null {
		let kept: string | null = null;
		attempt(from, (storage) => {
			kept = storage.getItem(key);
		});
		return kept;
	}

	const write = (to: Open, key: string, value: string) =>
		attempt(to, (storage) => storage.setItem(key, value));

	const erase = (from: Open, key: string) => attempt(from, (storage) => storage.removeItem(key));

	/** Removes the value; a value written later by another page is still visible. */
	function drop(key: string): void {
		if (erase(open, key)) stale.delete(key);
		else stale.add(key);
	}

	return {
		getItem: (key) =>
			(stale.has(key) ? null : read(open, key)) ?? read(spare, key) ?? memory.get(key) ?? null,
		setItem(key, value) {
			if (signal?.aborted) return;
			memory.set(key, value);
			if (write(open, key, value)) {
				stale.delete(key);
				erase(spare, key);
			} else {
				drop(key);
				write(spare, key, value);
			}
		},
		removeItem(key) {
			if (signal?.aborted) return;
			memory.delete(key);
			drop(key);
			erase(spare, key);
		},
	};
}
