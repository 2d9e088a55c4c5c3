// Light or dark: the user's choice on this device, otherwise as the system says.

import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";

const CHOICE = "banter:theme";
const watchers = new Set<() => void>();

/** null: no choice. */
export function themeChoice(): Theme | null {
	try {
		const choice = localStorage.getItem(CHOICE);
		return choice === "light" || choice === "dark" ? choice : null;
	} catch {
		return null;
	}
}

function apply(choice: Theme | null): void {
	if (choice === null) delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = choice;
}

export function chooseTheme(choice: Theme | null): void {
	if (choice === null) localStorage.removeItem(CHOICE);
	else localStorage.setItem(CHOICE, choice);
	apply(choice);
	for (const watcher of watchers) watcher();
}

/** The user's choice and the function that changes it. */
export function useTheme(): readonly [Theme | null, (choice: Theme | null) => void] {
	const [theme, setTheme] = useState(themeChoice);
	useEffect(() => {
		const watcher = () => setTheme(themeChoice());
		watchers.add(watcher);
		return () => void watchers.delete(watcher);
	}, []);
	return [theme, chooseTheme];
}

/** Calls `changed` whenever colours change: by the user's choice, or because the system's scheme did. */
export function watchColours(changed: () => void): () => void {
	const scheme = matchMedia("(prefers-color-scheme: dark)");
	watchers.add(changed);
	scheme.addEventListener("change", changed);
	return () => {
		watchers.delete(changed);
		scheme.removeEventListener("change", changed);
	};
}

export function applyTheme(): void {
	apply(themeChoice());
}
