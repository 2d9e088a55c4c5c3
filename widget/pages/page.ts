// Helpers shared by both demo pages.

/** Returns the element with this id, which the page must contain. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
	const node = document.getElementById(id);
	if (!(node instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
	return node;
}

async function copy(source: HTMLElement): Promise<string> {
	try {
		await navigator.clipboard.writeText(source.textContent ?? "");
		return "Copied";
	} catch {
		// No clipboard on plain http: select the text for Ctrl+C.
		getSelection()?.selectAllChildren(source);
		return "Press Ctrl+C";
	}
}

/** Makes the button copy the text of `source` and confirm it briefly. */
export function copies(button: HTMLButtonElement, source: HTMLElement): void {
	const label = button.textContent;
	button.addEventListener("click", async () => {
		button.textContent = await copy(source);
		setTimeout(() => {
			button.textContent = label;
		}, 1600);
	});
}
