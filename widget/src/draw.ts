// Draws an icon on a 24 × 24 grid.

function draw(tag: string, attributes: readonly (readonly [name: string, value: string])[]) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement;
	for (const [name, value] of attributes) node.setAttribute(name, value);
	return node;
}

/** Decorative: the caller provides the accessible name. `look`: its classes. */
export function drawIcon(look: string, path: string): SVGElement {
	const svg = draw("svg", [
		["viewBox", "0 0 24 24"],
		["class", `icon ${look}`],
		["aria-hidden", "true"],
	]);
	svg.append(draw("path", [["d", path]]));
	return svg;
}
