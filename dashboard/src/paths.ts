// Builds and validates the pages' URLs.

export const HOME = "/";
const LOGIN = "/login";

const withId = (folder: string) => (id: string) => `/${folder}/${encodeURIComponent(id)}`;
export const widgetPath = withId("widgets");
export const agentPath = withId("agents");
export const contactPath = withId("contacts");
export const settingsPath = withId("settings");

export const knowledgePath = "/knowledge";
export const answersPath = "/knowledge/answers";
/** The answers, with one of them open. */
export const answerPath = (id: string) => `${answersPath}?answer=${encodeURIComponent(id)}`;
export const questionsPath = "/knowledge/questions";
export const findPath = "/knowledge/find";
export const sourcePath = withId("knowledge/sources");

/** A conversation, perhaps at one of its messages. */
export function conversationPath(id: string, messageId?: string): string {
	const path = `/conversations/${encodeURIComponent(id)}`;
	return messageId === undefined ? path : `${path}?message=${encodeURIComponent(messageId)}`;
}

/** A search in the inbox. `filters`: as in inbox/place.ts. */
export function searchPath(filters: Readonly<Record<string, string>>): string {
	return `/search?${new URLSearchParams({ q: "", ...filters })}`;
}

/** The login page with a redirect back to `path`. */
export function loginPath(path: string): string {
	const next = safeNext(path);
	return next === HOME ? LOGIN : `${LOGIN}?next=${encodeURIComponent(next)}`;
}

/**
 * The target after login. Accepts only paths of this server: `next` comes from the URL and must not become an
 * open redirect.
 */
export function safeNext(next: string | undefined): string {
	if (next === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes("\\"))
		return HOME;
	return /^\/(login|join|reset)\b/.test(next) ? HOME : next;
}

/** Goes to another page as a click on a link does, so that a form with unsaved changes can ask first. */
export function follow(href: string): void {
	const link = document.createElement("a");
	link.href = href;
	// The router and the guard of a form listen above it.
	document.body.append(link);
	link.click();
	link.remove();
}
