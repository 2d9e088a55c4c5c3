// The list of conversations, newest activity first: its first page is loaded again and again, older pages once.

import type { Conversation, ConversationPage } from "./model";

/** The conversations that are not in `known`. */
function without(
	conversations: readonly Conversation[],
	known: readonly Conversation[],
): readonly Conversation[] {
	const ids = new Set(known.map(({ id }) => id));
	return conversations.filter(({ id }) => !ids.has(id));
}

/**
 * The first page again, and behind it what was loaded before. A conversation changes by moving to the top, so
 * those behind the page are unchanged, unless so many have moved that the page does not reach them.
 */
export function refresh(before: ConversationPage | null, page: ConversationPage): ConversationPage {
	const last = page.conversations[page.conversations.length - 1];
	if (!before || !last || !page.nextCursor) return page;
	const unknown = without(before.conversations, page.conversations);
	const reaches = unknown.length < before.conversations.length;
	const behind = unknown.filter(({ updatedAt }) => updatedAt <= last.updatedAt);
	const conversations = [...page.conversations, ...behind];
	// Some of the older ones were deleted: begin again.
	const isTooLong = conversations.length > page.total;
	if (!reaches || behind.length === 0 || isTooLong) return page;
	return { ...page, conversations, nextCursor: before.nextCursor };
}

/** The list with the page that follows it. */
export function extend(list: ConversationPage, page: ConversationPage): ConversationPage {
	const added = without(page.conversations, list.conversations);
	return { ...page, conversations: [...list.conversations, ...added] };
}
