// The script tag: which widget it shows, and where its server is.

/** `currentScript` is null for modules and scripts added by tag managers. */
export function findScript(): HTMLScriptElement | null {
	return (
		(document.currentScript as HTMLScriptElement | null) ??
		document.querySelector("script[data-api-key],script[data-widget]")
	);
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
