// The icons: a constant each, so that a file of the app has only those that it draws.

/** The outline of an icon, as an SVG path on a 24 × 24 grid. */
export type Icon = string;

export const SPARK: Icon = "M12 5q0 7 7 7-7 0-7 7 0-7-7-7 7 0 7-7Z";
export const DOWN: Icon = "m6 9 6 6 6-6";
export const CLOSE: Icon = "m6 6 12 12m0-12L6 18";
export const STOP: Icon = "M7 7h10v10H7Z";
export const SEND: Icon = "M12 19V5m-6 6 6-6 6 6";
export const RETRY: Icon = "M20 12a8 8 0 1 1-2-5l2 2m0-5v5h-5";
export const WAIT: Icon = "M12 7v5l3 2M11.5 3a9 9 0 1 0 1 0Z";
export const COPY: Icon = "M9 9h11v11H9ZM15 9V4H4v11h5";
export const CHECK: Icon = "m5 12 5 5 9-9";
export const UP: Icon = "M7 20V11l4-8q3 0 3 3l-1 3h7l-2 11H3v-9h4";
export const ALERT: Icon = "M12 7v6m0 3.5v.1M11.5 3a9 9 0 1 0 1 0Z";

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
