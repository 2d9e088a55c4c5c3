// A whole list that the server delivers in pages, for lists that people write themselves and that stay short.

import type { Answer } from "./client";

interface Page {
	readonly nextCursor: string | null;
}

/** Of the request of one page. */
export interface PageQuery {
	readonly limit: number;
	readonly cursor?: string;
}

/** As many as the server allows. */
const PAGE = 200;
/** More pages than this are left out. */
const PAGES_MAX = 50;

/** All pages, first to last. */
export async function allPages<P extends Page>(
	read: (query: PageQuery) => Promise<P>,
): Promise<P[]> {
	const pages: P[] = [];
	let cursor: string | undefined;
	do {
		const page = await read({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
		pages.push(page);
		cursor = page.nextCursor ?? undefined;
	} while (cursor !== undefined && pages.length < PAGES_MAX);
	return pages;
}

/** What all pages have, as data to load. */
export async function allItems<P extends Page, T>(
	read: (query: PageQuery) => Promise<P>,
	itemsOf: (page: P) => readonly T[],
): Promise<Answer<readonly T[]>> {
	return { data: (await allPages(read)).flatMap(itemsOf), etag: undefined };
}
