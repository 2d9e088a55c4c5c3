// The part of the DOM that src/markdown uses, for tests without a browser.

// Node 18 has none. The widget cannot do with plain events: Prototype.js and MooTools put something else in place of Event.
globalThis.CustomEvent ??= class extends Event {
	readonly detail: unknown;

	constructor(type: string, { detail, ...init }: CustomEventInit = {}) {
		super(type, init);
		this.detail = detail;
	}
} as unknown as typeof CustomEvent;

class FakeNode {
	parentNode: FakeElement | null = null;

	removeChild(node: FakeNode): void {
		node.remove();
	}

	remove(): void {
		const siblings = this.parentNode?.childNodes;
		siblings?.splice(siblings.indexOf(this), 1);
		this.parentNode = null;
	}

	get nextSibling(): FakeNode | null {
		const siblings = this.parentNode?.childNodes ?? [];
		return siblings[siblings.indexOf(this) + 1] ?? null;
	}

	replaceWith(node: FakeNode): void {
		const parent = this.parentNode;
		if (!parent) return;
		node.remove();
		parent.childNodes.splice(parent.childNodes.indexOf(this), 1, node);
		node.parentNode = parent;
		this.parentNode = null;
	}
}

export class FakeText extends FakeNode {
	readonly localName = "#text";
	readonly childNodes: FakeNode[] = [];

	constructor(public data: string) {
		super();
	}

	get length(): number {
		return this.data.length;
	}

	get textContent(): string {
		return this.data;
	}

	appendData(text: string): void {
		this.data += text;
	}
}

export class FakeElement extends FakeNode {
	readonly childNodes: FakeNode[] = [];
	readonly attributes = new Map<string, string>();
	className = "";
	dir = "";
	checked = false;
	isConnected = false;
	/** Dispatched so far. */
	readonly events: Event[] = [];
	readonly classList = {
		add: (name: string) => {
			this.className = `${this.className} ${name}`.trim();
		},
		remove: (name: string) => {
			const names = this.className.split(" ");
			this.className = names.filter((one) => one !== name).join(" ");
		},
	};

	constructor(readonly localName: string) {
		super();
	}

	get firstChild(): FakeNode | null {
		return this.childNodes[0] ?? null;
	}

	get lastChild(): FakeNode | null {
		return this.childNodes[this.childNodes.length - 1] ?? null;
	}

	get textContent(): string {
		return this.childNodes.map((node) => (node as FakeText).textContent).join("");
	}

	set textContent(text: string) {
		this.replaceChildren(new FakeText(text));
	}

	append(...nodes: (FakeNode | string)[]): void {
		for (const one of nodes) {
			const node = typeof one === "string" ? new FakeText(one) : one;
			node.remove();
			node.parentNode = this;
			this.childNodes.push(node);
		}
	}

	replaceChildren(...nodes: FakeNode[]): void {
		for (const node of [...this.childNodes]) node.remove();
		this.append(...nodes);
	}

	setAttribute(name: string, value: string): void {
		if (name === "class") this.className = value;
		else this.attributes.set(name, value);
	}

	getAttribute(name: string): string | null {
		return this.attributes.get(name) ?? null;
	}

	addEventListener(): void {}

	dispatchEvent(event: Event): void {
		this.events.push(event);
	}

	/** Only names of elements. */
	querySelectorAll(selector: string): FakeElement[] {
		const names = selector.split(",");
		return elementsIn(this).filter(({ localName }) => names.includes(localName));
	}
}

export function elementsIn(node: FakeElement): FakeElement[] {
	const children = node.childNodes.filter((child) => child instanceof FakeElement);
	return children.flatMap((child) => [child, ...elementsIn(child)]);
}

/** Adds the globals. */
export function installDom(): void {
	Object.assign(globalThis, {
		Text: FakeText,
		HTMLElement: FakeElement,
		document: {
			createElement: (name: string) => new FakeElement(name),
			createTextNode: (text: string) => new FakeText(text),
		},
	});
}
