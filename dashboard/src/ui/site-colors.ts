// What the widget makes of the colours that an owner chooses: the same code as in the widget.

import { readable } from "../../../widget/src/app/ui/css-color";
import { contrast, type Rgb } from "../../../widget/src/color";

/** null: not of the form #rgb or #rrggbb. */
export function rgbOf(hex: string): Rgb | null {
	const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex)?.[1];
	if (digits === undefined) return null;
	const all = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
	return [0, 2, 4].map((at) => Number.parseInt(all.slice(at, at + 2), 16));
}

export function hexOf(color: Rgb): string {
	const byte = (n: number) => Math.round(n).toString(16).padStart(2, "0");
	return `#${color.map(byte).join("")}`;
}

/** WCAG 1.4.3, level AA. */
export const READABLE = 4.5;

export interface ColorLook {
	/** Of the two colours as chosen. */
	readonly ratio: number;
	/** As the widget shows them. */
	readonly ground: string;
	readonly text: string;
	readonly isCorrected: boolean;
}

/** null: a colour is invalid. */
export function lookOf(primary: string, text: string): ColorLook | null {
	const [ground, ink] = [rgbOf(primary), rgbOf(text)];
	if (!ground || !ink) return null;
	const [shownGround, shownInk] = readable(ground, ink);
	const shown = { ground: hexOf(shownGround), text: hexOf(shownInk) };
	return {
		...shown,
		ratio: contrast(ground, ink),
		isCorrected: shown.ground !== hexOf(ground) || shown.text !== hexOf(ink),
	};
}
