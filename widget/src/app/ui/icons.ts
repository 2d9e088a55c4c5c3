// The icons of the app: outlines, except those in FILLED.

const PATHS = {
	spark:
		"M12 2.5c.7 5.3 3.2 8.4 9 9.5-5.8 1.1-8.3 4.2-9 9.5-.7-5.3-3.2-8.4-9-9.5 5.8-1.1 8.3-4.2 9-9.5Z",
	down: "m6 9.5 6 6 6-6",
	close: "m6.5 6.5 11 11m0-11-11 11",
	stop: "M8 6h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Z",
	send: "M12 19V5.5m-6 6 6-6 6 6",
	retry: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4l2.3 2.2m0-4.8v4.8h-4.8",
	wait: "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z",
	copy: "M9 9h11v11H9ZM15 9V4H4v11h5",
	check: "m5 12.5 4.5 4.5L19 7.5",
	up: "M7 20H4v-9h3m0 9V11l4-8c2 0 3 1 2.5 3L13 9h5.5a2 2 0 0 1 2 2.5l-1.5 6.5a2.5 2.5 0 0 1-2.5 2Z",
	alert: "M12 8v5m0 3.2v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set<IconName>(["spark", "stop"]);

function draw(tag: string, attributes: Readonly<Record<string, string>>, ...children: Node[]) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

/** Decorative: the caller provides the accessible name. On a 24 × 24 grid. */
export function icon(name: IconName): Element {
	const look = `icon icon-${name}${FILLED.has(name) ? " filled" : ""}`;
	const attributes = { viewBox: "0 0 24 24", class: look, "aria-hidden": "true" };
	return draw("svg", attributes, draw("path", { d: PATHS[name] }));
}
