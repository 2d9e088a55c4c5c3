// Derives the paths of the chat API from the URL in the site's script tag.

/** /chat and /v1/chat/stream are equivalent; a proxy may prefix both with a path of its own. */
const ASKING = /(?:\/v1\/chat\/stream|\/chat)\/?$/;

export interface Routes {
	history(sessionId: string): string;
	resume(messageId: string, sessionId: string, after: number): string;
	stop(messageId: string): string;
}

/** null: an unknown path, which is only known to accept messages. */
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
