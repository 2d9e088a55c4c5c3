// The unsaved changes of forms, by the form's name. They stay while the user looks at other pages of the dashboard; the
// browser asks before the tab is closed or reloaded, which would lose them.

import { useKept } from "../api/desk";

export interface FormDrafts {
	get(name: string): unknown;
	has(name: string): boolean;
	set(name: string, draft: unknown): void;
	drop(name: string): void;
	/** After the sign-out: the next user may be another one. */
	end(): void;
}

export function createFormDrafts(
	page: Pick<EventTarget, "addEventListener" | "removeEventListener">,
): FormDrafts {
	const drafts = new Map<string, unknown>();
	// The browser asks in its own words.
	const ask = (event: Event) => event.preventDefault();

	/** A page with such a listener is not kept for "back": only while it is needed. */
	function update() {
		if (drafts.size > 0) page.addEventListener("beforeunload", ask);
		else page.removeEventListener("beforeunload", ask);
	}

	return {
		get: (name) => drafts.get(name),
		has: (name) => drafts.has(name),
		set(name, draft) {
			drafts.set(name, draft);
			update();
		},
		drop(name) {
			drafts.delete(name);
			update();
		},
		end() {
			drafts.clear();
			update();
		},
	};
}

export function useFormDrafts(): FormDrafts {
	return useKept("form-drafts", () => createFormDrafts(window));
}
