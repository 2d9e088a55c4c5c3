// The page in the preview's frame: a frame without an address of its own, so it has the dashboard's origin and policy.
// Its chat is replaced by destroy() and a new script tag, as any page can do it.

import type { WidgetForPage } from "../../../../workerd/api/openapi/openapi";
import sheet from "./preview.css?link";
import { createStandIn } from "./stand-in";

interface Chat {
	destroy(): void;
}

type View = Window & typeof globalThis & { banter?: Chat };

const WIDGET = "preview";
const OPEN_KEY = `banter.open.${WIDGET}`;

export interface Looks {
	readonly record: WidgetForPage;
	/** Of the page in the frame. */
	readonly language: string;
	readonly isOpen: boolean;
	/** Another number draws the same looks again. */
	readonly round: number;
}

export interface PreviewSite {
	/** Settles when the chat's script has run. */
	show(looks: Looks): Promise<void>;
	/** The next one is shown to a new visitor. */
	forget(): void;
}

/** What the stand-in for the server and the page say. */
interface Words {
	readonly title: string;
	readonly reply: string;
}

/** Lines and boxes in the place of a site's content; the browser's parser needs nothing but these elements. */
function fill(page: Document, title: string): void {
	page.open();
	page.write('<!doctype html><html><head><meta charset="utf-8"></head><body></body></html>');
	page.close();
	page.title = title;
	const link = page.createElement("link");
	link.rel = "stylesheet";
	link.href = sheet;
	page.head.append(link);
	const main = page.createElement("main");
	main.ariaLabel = title;
	const heading = page.createElement("h1");
	heading.textContent = title;
	main.append(heading);
	for (const kind of ["bar", "title", "line", "line", "line short", "box", "line", "line short"]) {
		const node = page.createElement("div");
		node.className = kind;
		main.append(node);
	}
	page.body.append(main);
}

function addScript(page: Document): Promise<unknown> {
	const script = page.createElement("script");
	script.src = "/api/widget/embed.js";
	script.dataset.widget = WIDGET;
	const ended = new Promise((done) => {
		script.onload = done;
		script.onerror = done;
	});
	page.body.append(script);
	return ended;
}

/** `toggled`: somebody has opened or closed the chat in the frame. */
export function openPreviewSite(
	frame: HTMLIFrameElement,
	{ title, reply }: Words,
	toggled: (isOpen: boolean) => void,
): PreviewSite {
	const view = frame.contentWindow as View;
	const page = view.document;
	let server: ReturnType<typeof createStandIn> | null = null;
	let wanted: Looks | null = null;
	/** What the frame shows, as JSON. */
	let shown = "";
	let ended: Promise<unknown> = Promise.resolve();
	fill(page, title);
	for (const name of ["opened", "closed"])
		page.addEventListener(`banter:${name}`, () => toggled(name === "opened"));

	/** A script that is still loading would add its chat later: one after the other, and only the last wish. */
	async function replace(looks: Looks): Promise<void> {
		if (looks !== wanted) return;
		const { isOpen, ...rest } = looks;
		const next = JSON.stringify(rest);
		const isNew = server?.local[OPEN_KEY] !== (isOpen ? "1" : "0");
		if (next === shown && !isNew) return;
		shown = next;
		server ??= createStandIn(looks.record, reply);
		server.record = looks.record;
		view.banter?.destroy();
		for (const script of page.querySelectorAll("script")) script.remove();
		server.install(view);
		page.documentElement.lang = looks.language;
		server.local[OPEN_KEY] = isOpen ? "1" : "0";
		await addScript(page);
	}

	return {
		show(looks) {
			wanted = looks;
			const next = ended.then(() => replace(looks));
			ended = next;
			return next;
		},
		forget: () => server?.forget(),
	};
}
