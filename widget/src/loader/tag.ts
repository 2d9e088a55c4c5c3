// The script tag: which widget it shows, and where its server is.

import type { Tag } from "../shell";

/** The script under one of its own names, whose parameters are settings. */
const OUR_NAME = /^[^?#]+\/(api\/widget\/embed|widget\/chat-widget)\.js([?#]|$)/;

const beforeHash = (url: string) => url.split("#")[0];

/**
 * Where this script comes from: for modules, `currentScript` is null. The first address in a stack, and only that, is of
 * what runs. "" if that is the page, which has a copy of the script in it: anybody can choose the page's parameters.
 */
function ownUrl(): string {
	const first = /[a-z]+:\/\/\S+?(?=:\d+:\d+)/.exec(String(Error().stack))?.[0] ?? "";
	return beforeHash(first) === beforeHash(location.href) ? "" : first;
}

/** A parameter of the script's address is as an attribute: tag managers drop attributes. */
function parametersOf(url: string): Tag["dataset"] {
	const found: Record<string, string> = {};
	const text = /[?#].*/.exec(url)?.[0].slice(1).replace("#", "&");
	new URLSearchParams(text).forEach((value, name) => {
		found[name] = value;
	});
	return found;
}

/** A variable of the page: `const` and `let` make no member of window. */
declare const banterSettings: unknown;

/** What the page has set for its tags, with the names of attributes; lists have one entry a line. */
function pageSettings(): Tag["dataset"] {
	let settings: unknown;
	try {
		settings = banterSettings;
	} catch {
		// There is none, or what it was to be could not be computed.
	}
	const found: Record<string, string> = {};
	// An element with this id is not meant.
	if (Object.prototype.toString.call(settings) === "[object Object]")
		Object.entries(settings as object).forEach(([name, value]) => {
			if (value != null) found[name] = Array.isArray(value) ? value.join("\n") : `${value}`;
		});
	return found;
}

/** The paths of the script and of messages, after any prefix that a proxy has added. */
const OUR_PATH =
	/\/(api\/widget\/embed\.js|widget\/chat-widget\.js|v1\/chat\/stream|chat)\/?([?#].*)?$/;

/** Whether this is our tag, where nothing says which tag has loaded the script; other vendors have keys, too. */
const isOurs = ({ src, dataset: { widget, apiKey, apiUrl = "" } }: HTMLScriptElement) =>
	/^wid_/.test(widget ?? "") || (apiKey && (OUR_PATH.test(apiUrl) || OUR_NAME.test(src)));

/** Whether the tag that runs is the chat's own, with settings or without, and not a script with a copy in it. */
const isOwn = ({ src, dataset }: Tag) => {
	const { widget, apiKey } = { ...parametersOf(src), ...dataset };
	return widget || apiKey || OUR_NAME.test(src);
};

/** The tags that this run of the script is for: a module runs once for all tags with its address, or for none. */
export function findTags(): Tag[] {
	// Not that of `document`, which <img name="currentScript"> hides.
	const current: Tag | null = Reflect.get(Document.prototype, "currentScript", document) as never;
	const own = ownUrl();
	const src = OUR_NAME.test(own) ? own : "";
	const { widget, apiKey, ...common } = pageSettings();
	const scripts = [...document.querySelectorAll("script")];
	// A bundle with a copy of the script in it has a tag with its address, too, but without our settings.
	const loaded = scripts.filter(
		(one) => own && one.src === own && (src || one.dataset.widget || one.dataset.apiKey),
	);
	const marked = src || widget || apiKey ? [] : scripts.filter(isOurs);
	const found: Tag[] = current && isOwn(current) ? [current] : loaded[0] ? loaded : marked;
	const tags = found[0] ? found : [current ?? { src, dataset: {} }];
	return tags.map(({ src, dataset }) => {
		const own = { ...parametersOf(src), ...dataset };
		const named = own.widget || own.apiKey ? {} : { widget, apiKey };
		return { src, dataset: { ...common, ...named, ...own } };
	});
}

/**
 * The URL prefix of the server. The name of a copy of the script that the site serves itself says nothing
 * about it: then the address for messages does.
 */
export function serverOf(scriptUrl: string, apiUrl: string, pageUrl = document.baseURI): string {
	const known = [scriptUrl, apiUrl].find((one) => OUR_PATH.test(one));
	const url = known ?? new URL("/chat", scriptUrl || pageUrl);
	return new URL(url, pageUrl).href.replace(OUR_PATH, "");
}
