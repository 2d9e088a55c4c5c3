// The script tag: which widget it shows, and where its server is.

import type { Tag } from "../shell";

/**
 * Where this script comes from: for modules, `currentScript` is null. The first address in a stack is that of what
 * runs. Not that of a page with a copy of the script in it, whose parameters anybody can choose.
 */
const ownUrl = () =>
	/[a-z]+:\/\/[^?#\s]+\/(api\/widget\/embed|widget\/chat-widget)\.js\S*?(?=:\d+:\d+)/.exec(
		String(Error().stack),
	)?.[0] ?? "";

/** A parameter of the script's address is as an attribute: tag managers drop attributes. */
function parametersOf(url: string): Tag["dataset"] {
	const found: Record<string, string> = {};
	const text = /[?#].*/.exec(url)?.[0].slice(1).replace("#", "&");
	new URLSearchParams(text).forEach((value, name) => {
		found[name] = value;
	});
	return found;
}

/** What the page has set for its tags, with the names of attributes; lists have one entry a line. */
function pageSettings(): Tag["dataset"] {
	const settings = (window as { banterSettings?: unknown }).banterSettings;
	const found: Record<string, string> = {};
	// An element with this id is not meant.
	if (settings && Object.getPrototypeOf(settings) === Object.prototype)
		Object.entries(settings).forEach(([name, value]) => {
			found[name] = Array.isArray(value) ? value.join("\n") : `${value}`;
		});
	return found;
}

/** Our tags where the site serves a copy of the script under a name of its own. */
const OURS = "script[data-widget^=wid_],script[data-api-key][data-api-url]";

/** The tags that this run of the script is for: a module runs once for all tags with its address, or for none. */
export function findTags(): Tag[] {
	const current = document.currentScript as HTMLScriptElement | null;
	const src = ownUrl();
	const all = current
		? [current]
		: [...document.querySelectorAll("script")].filter((one) =>
				src ? one.src === src : one.matches(OURS),
			);
	const { widget, apiKey, ...common } = pageSettings();
	const tags: Tag[] = all[0] ? all : [{ src, dataset: {} }];
	return tags.map(({ src, dataset }) => {
		const own = { ...parametersOf(src), ...dataset };
		const named = own.widget || own.apiKey ? {} : { widget, apiKey };
		return { src, dataset: { ...common, ...named, ...own } };
	});
}

/** The paths of the script and of messages, after any prefix that a proxy has added. */
const OUR_PATH =
	/\/(api\/widget\/embed\.js|widget\/chat-widget\.js|v1\/chat\/stream|chat)\/?([?#].*)?$/;

/**
 * The URL prefix of the server. The name of a copy of the script that the site serves itself says nothing
 * about it: then the address for messages does.
 */
export function serverOf(scriptUrl: string, apiUrl: string, pageUrl = document.baseURI): string {
	const known = [scriptUrl, apiUrl].find((one) => OUR_PATH.test(one));
	const url = known ?? new URL("/chat", scriptUrl || pageUrl);
	return new URL(url, pageUrl).href.replace(OUR_PATH, "");
}
