// The URLs of a widget's conversation.

import { failureFrom } from "../net/failure";
import { requestText } from "../net/http";

export interface Place {
	readonly settings: string;
	/** Sent as a header with the request for settings. */
	readonly apiKey?: string;
	/** `token`: of the visitor; null: none yet. `query`: further members. */
	url(leaf: "ws" | "events" | "frames" | "files", token: string | null, query?: Values): string;
}

type Values = Readonly<Record<string, string>>;

/** Tokens, people, what older history needs, and what replies are based on. */
const WISHES: Values = { stream: "1", operators: "1", history: "1", sources: "1" };

/** `base`: the URL prefix of the paths. */
function build(base: string, leaf: string, query: Values): string {
	const url = new URL(`${base}/${leaf}`);
	if (leaf === "ws") url.protocol = url.protocol.replace("http", "ws");
	url.search = `${new URLSearchParams({ ...WISHES, ...query })}`;
	return url.href;
}

/** `server`: the URL prefix of its paths. */
export function widgetPlace(server: string, widgetId: string): Place {
	const base = `${server}/api/widget/${encodeURIComponent(widgetId)}`;
	return {
		settings: `${base}/settings`,
		url: (leaf, token, query) => build(base, leaf, { ...(token && { token }), ...query }),
	};
}

/** The paths of the leaves that have another one for the tag with a key. */
const KEY_PATHS: Values = { events: "feed", frames: "feed/frames" };

export function keyPlace(server: string, apiKey: string): Place {
	const base = `${server}/v1/chat`;
	return {
		settings: `${base}/settings`,
		apiKey,
		url: (leaf, token, query) =>
			build(base, KEY_PATHS[leaf] ?? leaf, { sessionId: token ?? "", key: apiKey, ...query }),
	};
}

/** Whether the widget still exists and allows this site. Throws a ChatFailure if there is no response. */
export async function isAllowed(
	{ settings, apiKey }: Place,
	signal?: AbortSignal,
): Promise<boolean> {
	try {
		await requestText({ url: settings, ...(apiKey && { apiKey }) }, signal);
		return true;
	} catch (error) {
		const failure = failureFrom(error);
		if (failure.kind === "refused" || failure.kind === "denied") return false;
		throw failure;
	}
}
