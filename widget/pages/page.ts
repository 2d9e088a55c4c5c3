// Small helpers of both demo pages.

/** The element of that id, which must be there: the page and its script are one. */
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
		// No clipboard on plain http: select it for the visitor's own Ctrl+C.
		getSelection()?.selectAllChildren(source);
		return "Press Ctrl+C";
	}
}

/** Makes the button copy the text of `source`, and say so for a moment. */
export function copies(button: HTMLButtonElement, source: HTMLElement): void {
	const label = button.textContent;
	button.addEventListener("click", async () => {
		button.textContent = await copy(source);
		setTimeout(() => {
			button.textContent = label;
		}, 1600);
	});
}
