// Where the chat API's other paths are, seen from the one that the site's tag names.

/** /chat and /v1/chat/stream are the same; a proxy may have put both below a path of its own. */
const ASKING = /(?:\/v1\/chat\/stream|\/chat)\/?$/;

export interface Routes {
	history(sessionId: string): string;
	resume(messageId: string, sessionId: string, after: number): string;
	stop(messageId: string): string;
}

/** null: an address of somebody else's, where nothing is known but that it takes messages. */
export function routesFrom(apiUrl: string): Routes | null {
	const { pathname } = new URL(apiUrl);
	if (!ASKING.test(pathname)) return null;

	function route(path: string, query: Readonly<Record<string, string>> = {}): string {
		const url = new URL(apiUrl);
		url.pathname = `${pathname.replace(ASKING, "")}/v1/chat/${path}`;
		for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
		url.hash = "";
		return url.href;
	}

	return {
		history: (sessionId) => route("history", { sessionId }),
		resume: (messageId, sessionId, after) =>
			route(`stream/${encodeURIComponent(messageId)}`, { sessionId, after: String(after) }),
		stop: (messageId) => route(`${encodeURIComponent(messageId)}/stop`),
	};
}
