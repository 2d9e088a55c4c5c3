// Draws an icon on a 24 × 24 grid.

import { el } from "./dom";

/** Decorative: the caller provides the accessible name. `look`: its classes. */
export function drawIcon(look: string, d: string): Element {
	// Also SVG's elements, which the types of el() do not have.
	const draw = el as (
		tag: string,
		attributes: Record<string, string>,
		...children: Node[]
	) => Element;
	const attributes = { viewBox: "0 0 24 24", class: `icon ${look}`, "aria-hidden": "true" };
	return draw("svg", attributes, draw("path", { d }));
}
