// A part of the dashboard that is loaded when somebody opens one of its pages: code, texts and styles together.

import type { ComponentType } from "preact";
import { lazy } from "preact-iso";
import type { Texts } from "./text/texts";

/** Settles when the styles apply, so that the page never shows without them. */
function loadStyles(href: string): Promise<void> {
	return new Promise((resolve, reject) => {
		const link = document.createElement("link");
		link.rel = "stylesheet";
		link.href = href;
		link.onload = () => resolve();
		link.onerror = () => {
			// The next attempt adds it again.
			link.remove();
			reject(new Error(`${href} could not be loaded`));
		};
		document.head.append(link);
	});
}

const loaded = new Map<string, Promise<void>>();

function stylesOnce(href: string): Promise<void> {
	const known = loaded.get(href);
	if (known) return known;
	const load = loadStyles(href).catch((error: unknown) => {
		loaded.delete(href);
		throw error;
	});
	loaded.set(href, load);
	return load;
}

export interface Area {
	/** The address of its style sheet: `import styles from "./inbox/inbox.css?link"`. */
	readonly styles: string;
	readonly texts: Pick<Texts<string>, "load">;
}

/** Settles when the code of the area can be used. */
export async function loadArea<Code>(
	{ styles, texts }: Area,
	code: () => Promise<Code>,
): Promise<Code> {
	const [component] = await Promise.all([code(), stylesOnce(styles), texts.load()]);
	return component;
}

/** A page of the area. */
export function page<Props>(
	area: Area,
	code: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
	return lazy(() => loadArea(area, code)) as ComponentType<Props>;
}
