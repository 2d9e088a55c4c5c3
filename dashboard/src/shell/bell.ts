// Whether the user wants to be told when somebody waits for a person: one choice for all tabs of the browser.

const CHOICE = "banter:bell";
const watchers = new Set<() => void>();

export function isBellOn(): boolean {
	try {
		return localStorage.getItem(CHOICE) === "on";
	} catch {
		return false;
	}
}

export function setBell(isOn: boolean): void {
	if (isOn) localStorage.setItem(CHOICE, "on");
	else localStorage.removeItem(CHOICE);
	// The browser reports a change only to the other tabs.
	for (const changed of watchers) changed();
}

/** Returns the function that ends it. */
export function watchBell(changed: () => void): () => void {
	const hear = ({ key }: StorageEvent) => key === CHOICE && changed();
	watchers.add(changed);
	addEventListener("storage", hear);
	return () => {
		watchers.delete(changed);
		removeEventListener("storage", hear);
	};
}
