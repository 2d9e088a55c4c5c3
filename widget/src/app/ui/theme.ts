// The colours of the light and the dark scheme. Some follow from the site's accent colour, corrected so that
// text stays readable on any accent.

import { farFrom, type Rgb } from "../../color";
import { css, mix, readable, readableOn } from "./css-color";

export type ThemeName = "auto" | "light" | "dark";

/** Custom properties of the style sheets: `--ink` is `ink`. */
export type Theme = Readonly<Record<(typeof NAMES)[number], Rgb>>;

const NAMES = [
	/** Panel, fields and the agent's bubbles. */
	"ground",
	/** Text. */
	"ink",
	/** Less important text. */
	"muted",
	/** Errors. */
	"danger",
	/** Decorative lines. */
	"line",
	/** The borders of fields and buttons: a contrast of 3 at least (WCAG 1.4.11). */
	"edge",
	/** Behind code and the heads of tables. */
	"surface",
	/** Behind errors. */
	"alarm",
	/** The site's colour: button, header, the visitor's bubbles. */
	"accent",
	/** Text and icons on `accent`. */
	"on-accent",
	/** The end of gradients: moves away from the text colour, so that contrast only grows. */
	"deep",
	/** The accent as text, icon or outline on `ground`. */
	"strong",
	/** A tint of the accent, behind small icons. */
	"tint",
	/** A slight tint, behind the messages. */
	"wash",
] as const;

const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [15, 23, 42];
const NIGHT: Rgb = [36, 40, 51];

const LIGHT = [WHITE, INK, [86, 96, 116], [180, 35, 24]] as const;
const DARK = [NIGHT, [232, 235, 242], [166, 174, 190], [255, 155, 143]] as const;

const grey = (n: number): Rgb => [n, n, n];

/** `chosen`: the site's own text colour on the accent. */
export function themeFor(site: Rgb, chosen: Rgb | null = null, isDark = false): Theme {
	const [ground, ink, muted, danger] = isDark ? DARK : LIGHT;
	const [accent, onAccent] = readable(site, chosen ?? WHITE);
	const towardsInk = (share: number) => mix(ground, ink, share);
	const surface = towardsInk(0.06);
	const tint = mix(ground, accent, isDark ? 0.2 : 0.12);
	return {
		ground,
		ink,
		muted,
		danger,
		line: towardsInk(0.11),
		edge: towardsInk(0.5),
		surface,
		alarm: mix(ground, danger, 0.06),
		accent,
		"on-accent": onAccent,
		deep: mix(accent, grey(farFrom(onAccent)), 0.2),
		strong: readableOn(tint, readableOn(surface, site)),
		tint,
		wash: mix(isDark ? [15, 18, 24] : WHITE, accent, 0.04),
	};
}

/** The page may override each colour: `--banter-ink` replaces `--ink`. */
export function paint(node: HTMLElement, theme: Theme): void {
	for (const [name, color] of Object.entries(theme)) {
		node.style.setProperty(`--${name}`, `var(--banter-${name},${css(color)})`);
	}
}

/** Keeps the colours of `node` those of the scheme; `name()`: which one page and site want. */
export function followScheme(
	node: HTMLElement,
	name: () => ThemeName,
	themeOf: (isDark: boolean) => Theme,
	signal: AbortSignal,
): () => void {
	const system = matchMedia("(prefers-color-scheme:dark)");
	function update(): void {
		const wanted = name();
		const isDark = wanted === "auto" ? system.matches : wanted === "dark";
		node.classList.toggle("dark", isDark);
		paint(node, themeOf(isDark));
	}
	system.addEventListener("change", update, { signal });
	update();
	return update;
}
