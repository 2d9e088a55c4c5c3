// Creates elements. Text only becomes text nodes and no style attribute is set, so that the
// strictest Content-Security-Policy of a host page allows everything here.

export function el<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	attributes: Readonly<Record<string, string>> = {},
	...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

/** Text for screen readers only. */
export function spoken(text: string): HTMLElement {
	return el("span", { class: "spoken" }, text);
}

/** Does nothing if they are there already: moving a node loses its focus and selection. */
export function setChildren(parent: Node & ParentNode, children: readonly Node[]): void {
	const same = parent.childNodes.length === children.length;
	if (same && children.every((child, i) => parent.childNodes[i] === child)) return;
	parent.replaceChildren(...children);
}

/** Runs `task` once before the next frame, however often it is scheduled; never after `signal`. */
export function perFrame(task: () => void, signal: AbortSignal): () => void {
	let asked = false;
	return () => {
		if (asked) return;
		asked = true;
		requestAnimationFrame(() => {
			asked = false;
			if (!signal.aborted) task();
		});
	};
}
