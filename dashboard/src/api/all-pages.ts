// A whole list that the server delivers in pages, for lists that people write themselves and that stay short.

interface Page {
	readonly nextCursor: string | null;
}

/** More pages than this are left out. */
const PAGES_MAX = 50;

/** All pages, first to last. `cursor` is undefined for the first one. */
export async function allPages<P extends Page>(
	read: (cursor: string | undefined) => Promise<P>,
): Promise<P[]> {
	const pages: P[] = [];
	let cursor: string | undefined;
	do {
		const page = await read(cursor);
		pages.push(page);
		cursor = page.nextCursor ?? undefined;
	} while (cursor !== undefined && pages.length < PAGES_MAX);
	return pages;
}
