// Making elements. Text only ever becomes text nodes, and nothing sets a style attribute,
// so that the strictest Content-Security-Policy of a host page has nothing to object to.

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

/** Touches nothing when they are there already: moving a node loses focus and selection in it. */
export function setChildren(parent: Node & ParentNode, children: readonly Node[]): void {
	const same = parent.childNodes.length === children.length;
	if (same && children.every((child, i) => parent.childNodes[i] === child)) return;
	parent.replaceChildren(...children);
}

/** Runs `task` once before the next frame, however often it was asked for. */
export function perFrame(task: () => void): () => void {
	let asked = false;
	return () => {
		if (asked) return;
		asked = true;
		requestAnimationFrame(() => {
			asked = false;
			task();
		});
	};
}
