// Where the browser keeps things between pages. It may forbid that (and even reading the property
// throws then): memory will do.

/** The methods of Storage that we need. */
export interface Shelf {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
}

/** Never throws, and forgets nothing as long as the page lives. */
export function openShelf(open: () => Shelf): Shelf {
	const memory = new Map<string, string>();

	function attempt(use: (shelf: Shelf) => void): void {
		try {
			use(open());
		} catch {
			// Full or forbidden: memory has it.
		}
	}

	return {
		getItem(key) {
			let kept: string | null = null;
			attempt((shelf) => {
				kept = shelf.getItem(key);
			});
			return kept ?? memory.get(key) ?? null;
		},
		setItem(key, value) {
			memory.set(key, value);
			attempt((shelf) => shelf.setItem(key, value));
		},
		removeItem(key) {
			memory.delete(key);
			attempt((shelf) => shelf.removeItem(key));
		},
	};
}
