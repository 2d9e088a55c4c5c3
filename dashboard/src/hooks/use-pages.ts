// An endless list by cursor. The first page follows the change feed; <EndOfList> loads the following ones.

import { useMemo, useState } from "preact/hooks";
import type { Client } from "../api/client";
import { type Data, useData, useDesk, useKept } from "../api/desk";
import { ApiError } from "../api/errors";
import type { Change, ChangeKind } from "../api/feed";
import { NO_PAGES, type Page, type Pages, withFirst, withNext } from "./pages";

interface PagesSource<T> {
	/**
	 * `cursor` is undefined for the first page. `shown`: so many items are known already; a first page of that size
	 * brings all of them up to date.
	 */
	load(
		api: Client,
		cursor: string | undefined,
		signal: AbortSignal,
		shown: number,
	): Promise<Page<T>>;
	readonly kinds: readonly ChangeKind[];
	/** As of data (api/entry.ts). */
	readonly calmMs?: number;
	readonly isAffected?: (change: Change) => boolean;
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
	// The entry that loads the first page outlives this component.
	const known = useKept<{ pages: Pages<T> }>(`pages ${key}`, () => ({ pages: NO_PAGES }));
	useMemo(() => {
		known.pages = NO_PAGES;
	}, [known]);
	const first = useData<Page<T>>(key, () => ({
		load: async (signal) => ({
			data: await source.load(api, undefined, signal, known.pages.items.length),
			etag: undefined,
		}),
		kinds: source.kinds,
		...(source.calmMs !== undefined && { calmMs: source.calmMs }),
		...(source.isAffected && { isAffected: source.isAffected }),
	}));
	if (first.data && first.data !== known.pages.first)
		known.pages = withFirst(known.pages, first.data, source);
	const [failed, setFailed] = useState<{ key: string; error: ApiError } | null>(null);
	const error = failed?.key === key ? failed.error : null;
	const [, setCount] = useState(0);

	async function load(cursor: string, signal: AbortSignal) {
		try {
			const page = await source.load(api, cursor, signal, known.pages.items.length);
			if (signal.aborted) return;
			known.pages = withNext(known.pages, page, source);
			setCount((count) => count + 1);
		} catch (reason) {
			if (!signal.aborted) setFailed({ key, error: ApiError.from(reason) });
		}
	}

	const { items, next } = known.pages;
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
