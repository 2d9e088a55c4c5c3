// The icons: a constant each, so that a file of the app has only those that it draws.

/** The outline of an icon, as an SVG path on a 24 × 24 grid. */
export type Icon = string;

export const SPARK: Icon =
	"M12 2.5c.7 5.3 3.2 8.4 9 9.5-5.8 1.1-8.3 4.2-9 9.5-.7-5.3-3.2-8.4-9-9.5 5.8-1.1 8.3-4.2 9-9.5Z";
export const DOWN: Icon = "m6 9.5 6 6 6-6";
export const CLOSE: Icon = "m6.5 6.5 11 11m0-11-11 11";
export const STOP: Icon = "M8 6h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Z";
export const SEND: Icon = "M12 19V5.5m-6 6 6-6 6 6";
export const RETRY: Icon = "M19.5 12a7.5 7.5 0 1 1-2.3-5.4l2.3 2.2m0-4.8v4.8h-4.8";
export const WAIT: Icon = "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z";
export const COPY: Icon = "M9 9h11v11H9ZM15 9V4H4v11h5";
export const CHECK: Icon = "m5 12.5 4.5 4.5L19 7.5";
export const UP: Icon =
	"M7 20H4v-9h3m0 9V11l4-8c2 0 3 1 2.5 3L13 9h5.5a2 2 0 0 1 2 2.5l-1.5 6.5a2.5 2.5 0 0 1-2.5 2Z";
export const ALERT: Icon = "M12 8v5m0 3.2v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z";

function draw(tag: string, attributes: Readonly<Record<string, string>>, ...children: Node[]) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

/** Decorative: the caller provides the accessible name. `look`: "filled" for a shape in place of an outline. */
export function icon(path: Icon, look = ""): Element {
	const attributes = { viewBox: "0 0 24 24", class: `icon ${look}`, "aria-hidden": "true" };
	return draw("svg", attributes, draw("path", { d: path }));
}
