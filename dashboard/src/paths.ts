// The pages' addresses, made and checked in one place.

export const HOME = "/";
const LOGIN = "/login";

export function conversationPath(id: string): string {
	return `/conversations/${encodeURIComponent(id)}`;
}

/** The login page that leads back to `path`. */
export function loginPath(path: string): string {
	const next = safeNext(path);
	return next === HOME ? LOGIN : `${LOGIN}?next=${encodeURIComponent(next)}`;
}

/**
 * Where a login may lead: only to a page of ours. The address bar is anybody's
 * to fill, so a `next` that names another site must not become a redirect.
 */
export function safeNext(next: string | undefined): string {
	return next !== undefined && /^\/conversations\/[A-Za-z0-9._:-]+$/.test(next) ? next : HOME;
}
