// An endless list by cursor. The first page follows the change feed; <EndOfList> loads the following ones.

import { useRef, useState } from "preact/hooks";
import type { Client } from "../api/client";
import { type Data, useData, useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import type { ChangeKind } from "../api/feed";
import { NO_PAGES, type Page, type Pages, withFirst, withNext } from "./pages";

interface PagesSource<T> {
	/** `cursor` is undefined for the first page. */
	load(api: Client, cursor: string | undefined, signal: AbortSignal): Promise<Page<T>>;
	readonly kinds: readonly ChangeKind[];
	idOf(item: T): string;
	/** Whether `item` comes later in the list than `other`. */
	isAfter(item: T, other: T): boolean;
}

export interface EndlessList<T> extends Pick<Data<unknown>, "error" | "refresh"> {
	/** Null: not loaded yet. */
	readonly items: readonly T[] | null;
	/** For <EndOfList>. */
	readonly end: {
		readonly cursor: string | null;
		readonly error: ApiError | null;
		load(cursor: string, signal: AbortSignal): void;
		retry(): void;
	};
}

/** `key` must name everything on which `source` depends. */
export function usePages<T>(key: string, source: PagesSource<T>): EndlessList<T> {
	const { api } = useDesk();
	const first = useData<Page<T>>(key, () => ({
		load: async (signal) => ({ data: await source.load(api, undefined, signal), etag: undefined }),
		kinds: source.kinds,
	}));
	const known = useRef<{ key: string; pages: Pages<T> }>({ key, pages: NO_PAGES });
	if (known.current.key !== key) known.current = { key, pages: NO_PAGES };
	if (first.data && first.data !== known.current.pages.first)
		known.current.pages = withFirst(known.current.pages, first.data, source);
	const [failed, setFailed] = useState<{ key: string; error: ApiError } | null>(null);
	const error = failed?.key === key ? failed.error : null;
	const [, setCount] = useState(0);

	async function load(cursor: string, signal: AbortSignal) {
		try {
			const page = await source.load(api, cursor, signal);
			if (signal.aborted || known.current.key !== key) return;
			known.current.pages = withNext(known.current.pages, page, source);
			setCount((count) => count + 1);
		} catch (reason) {
			if (!signal.aborted) setFailed({ key, error: ApiError.from(reason) });
		}
	}

	const { items, next } = known.current.pages;
	return {
		items: first.data ? items : null,
		error: first.error,
		refresh: first.refresh,
		end: {
			cursor: next,
			error,
			load: (cursor, signal) => void load(cursor, signal),
			retry: () => setFailed(null),
		},
	};
}
