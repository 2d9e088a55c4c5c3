// A list of the API as a whole. For records of which an organization has few.

import type { Answer } from "../api/client";

const PAGES_MAX = 20;

interface Page {
	readonly nextCursor: string | null;
}

/** Follows the cursors from page to page. */
export async function everything<P extends Page, T>(
	read: (cursor: string | undefined) => Promise<P>,
	items: (page: P) => readonly T[],
): Promise<Answer<readonly T[]>> {
	const all: T[] = [];
	let cursor: string | undefined;
	for (let i = 0; i < PAGES_MAX; i++) {
		const page = await read(cursor);
		all.push(...items(page));
		if (page.nextCursor === null) break;
		cursor = page.nextCursor;
	}
	return { data: all, etag: undefined };
}
