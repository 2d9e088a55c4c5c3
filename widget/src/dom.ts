// Creates elements. Text only becomes text nodes and no style attribute is set, so that the
// strictest Content-Security-Policy of a host page allows everything here. Buttons need no type: there is no form.

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

/** As node.remove(), which fails on pages with Prototype.js if the node has no parent. */
export function detach(node: Node): void {
	node.parentNode?.removeChild(node);
}

/** Text for screen readers only. */
export function spoken(text: string): HTMLElement {
	return el("span", { class: "spoken" }, text);
}

/**
 * Sets the children without moving a node that is in place: moving loses focus and selection, and the browser lays
 * out all of it again.
 */
export function setChildren(parent: Node, children: readonly Node[]): void {
	const wanted = new Set(children);
	for (const child of [...parent.childNodes]) if (!wanted.has(child)) detach(child);
	let next = parent.firstChild;
	for (const child of children) {
		if (child === next) next = next.nextSibling;
		else parent.insertBefore(child, next);
	}
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
