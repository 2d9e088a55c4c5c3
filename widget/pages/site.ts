// The site in the preview: a frame without an address of its own, so it has this page's policy and path. Its
// chat is replaced by destroy() and a new script tag, as any page can do it.

import type { Banter } from "../banter";
import type { Attributes } from "./snippet";

type SiteWindow = Window & { banter?: Banter };

export interface Site {
	/** Replaces the chat; null: there is none. Resolves when the tag's script has run. */
	show(attributes: Attributes | null): Promise<void>;
	readonly window: SiteWindow;
	readonly document: Document;
}

const EMPTY =
	'<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Fernlight Plants</title></head><body class="shop"></body></html>';

/** Fills the frame with a copy of the template. */
function fill(frame: HTMLIFrameElement, template: HTMLTemplateElement): Document {
	const page = frame.contentDocument as Document;
	// Opening it gives the frame this page's address: paths in the teaser's rules can match.
	page.open();
	page.write(EMPTY);
	page.close();
	const sheet = page.createElement("link");
	sheet.rel = "stylesheet";
	sheet.href = "/demo/demo.css";
	page.head.append(sheet);
	page.body.append(page.importNode(template.content, true));
	return page;
}

/** Adds the tag; resolves when it has run or could not be loaded. */
function addScript(page: Document, attributes: Attributes): Promise<unknown> {
	const script = page.createElement("script");
	for (const [name, value] of attributes) script.setAttribute(name, value);
	const ended = new Promise((done) => {
		script.onload = done;
		script.onerror = done;
	});
	page.body.append(script);
	return ended;
}

function removeChats(page: SiteWindow): void {
	const { banter } = page;
	for (const id of banter?.ids?.() ?? []) banter?.get(id)?.destroy();
	for (const script of page.document.querySelectorAll("script")) script.remove();
}

export function openSite(frame: HTMLIFrameElement, template: HTMLTemplateElement): Site {
	const page = fill(frame, template);
	const view = frame.contentWindow as SiteWindow;
	let ended: Promise<unknown> = Promise.resolve();
	let wanted: Attributes | null = null;

	/** A script that is still loading would add its chat later. */
	async function replace(attributes: Attributes | null): Promise<void> {
		if (attributes !== wanted) return;
		removeChats(view);
		if (attributes) await addScript(page, attributes);
	}

	return {
		window: view,
		document: page,
		show(attributes) {
			wanted = attributes;
			const next = ended.then(() => replace(attributes));
			ended = next;
			return next;
		},
	};
}
