// Where the browser keeps things between pages. It may forbid that (and even reading the property
// throws then): memory will do.

/** The methods of Storage that we need. */
export interface BrowserStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
}

/** Never throws, and forgets nothing as long as the page lives. */
export function openBrowserStorage(open: () => BrowserStorage): BrowserStorage {
	const memory = new Map<string, string>();
	/** What the browser would not forget: it has something older. */
	const stale = new Set<string>();

	/** False: full or forbidden, but memory has it. */
	function attempt(use: (storage: BrowserStorage) => void): boolean {
		try {
			use(open());
			return true;
		} catch {
			return false;
		}
	}

	/** Another page's value is seen all the same. */
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
			memory.set(key, value);
			if (attempt((storage) => storage.setItem(key, value))) stale.delete(key);
			else drop(key);
		},
		removeItem(key) {
			memory.delete(key);
			drop(key);
		},
	};
}
