// Light or dark: the user's choice on this device, otherwise as the system says.

export type Theme = "light" | "dark";

const CHOICE = "banter:theme";

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
}

export function applyTheme(): void {
	apply(themeChoice());
}
