// Icons on a 24 × 24 grid; outlines, except those in FILLED.

const PATHS = {
	chat: "M12 3.2c-5.2 0-9.3 3.5-9.3 8 0 2.5 1.3 4.7 3.3 6.2v3.1c0 .5.6.8 1 .5l3-2c.7.1 1.3.2 2 .2 5.2 0 9.3-3.5 9.3-8s-4.1-8-9.3-8Z",
	spark:
		"M12 2.5c.7 5.3 3.2 8.4 9 9.5-5.8 1.1-8.3 4.2-9 9.5-.7-5.3-3.2-8.4-9-9.5 5.8-1.1 8.3-4.2 9-9.5Z",
	down: "m6 9.5 6 6 6-6",
	close: "m6.5 6.5 11 11m0-11-11 11",
	stop: "M8 6h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Z",
	send: "M12 19V5.5m-6 6 6-6 6 6",
	retry: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4l2.3 2.2m0-4.8v4.8h-4.8",
	wait: "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z",
	alert: "M12 8v5m0 3.2v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set<IconName>(["chat", "spark", "stop"]);
const SVG = "http://www.w3.org/2000/svg";

function draw(tag: string, attributes: Readonly<Record<string, string>>): SVGElement {
	const node = document.createElementNS(SVG, tag) as SVGElement;
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	return node;
}

/** Decorative: the caller provides the accessible name. */
export function icon(name: IconName): SVGElement {
	const look = FILLED.has(name) ? "icon filled" : "icon";
	const svg = draw("svg", {
		viewBox: "0 0 24 24",
		class: `${look} icon-${name}`,
		"aria-hidden": "true",
	});
	svg.append(draw("path", { d: PATHS[name] }));
	return svg;
}
