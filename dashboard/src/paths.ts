// Builds and validates the pages' URLs.

export const HOME = "/";
const LOGIN = "/login";

export function conversationPath(id: string): string {
	return `/conversations/${encodeURIComponent(id)}`;
}

/** The login page with a redirect back to `path`. */
export function loginPath(path: string): string {
	const next = safeNext(path);
	return next === HOME ? LOGIN : `${LOGIN}?next=${encodeURIComponent(next)}`;
}

/**
 * The target after login. Accepts only our own paths: `next` comes from the URL and must not become
 * an open redirect.
 */
export function safeNext(next: string | undefined): string {
	return next !== undefined && /^\/conversations\/[A-Za-z0-9._:-]+$/.test(next) ? next : HOME;
}
