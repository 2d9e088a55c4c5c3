// Any CSS colour as numbers.

import { parseHex, type Rgb } from "./color";

/** Any opaque CSS colour, which a canvas returns as `#rrggbb`; null for anything else. */
export function resolveColor(text: string): Rgb | null {
	const hex = parseHex(text);
	if (hex || !text || !CSS.supports("color", text)) return hex;
	const context = document.createElement("canvas").getContext("2d");
	if (!context) return null;
	context.fillStyle = text;
	return parseHex(String(context.fillStyle));
}
