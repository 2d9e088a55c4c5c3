// The end of a list: loads what follows when the reader comes near, and says how the list ends.

import { useEffect, useRef } from "preact/hooks";
import type { ApiError } from "../api/errors";
import { t } from "../text/common";
import { describe } from "../text/describe";
import { Button } from "./button";

/** So far before the end is reached, loading begins. */
const AHEAD = "800px";

interface EndOfListProps {
	/** Selects what follows; null: nothing does. */
	readonly cursor: string | null;
	/** Why it could not be loaded. */
	readonly error: ApiError | null;
	load(cursor: string, signal: AbortSignal): void;
	retry(): void;
	/** Said when nothing follows. */
	readonly end: string;
}

export function EndOfList({ cursor, error, load, retry, end }: EndOfListProps) {
	const mark = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (!cursor || error || !mark.current) return;
		const abort = new AbortController();
		const watch = new IntersectionObserver(
			([entry]) => {
				if (!entry?.isIntersecting) return;
				watch.disconnect();
				load(cursor, abort.signal);
			},
			{ rootMargin: AHEAD },
		);
		watch.observe(mark.current);
		return () => {
			watch.disconnect();
			abort.abort();
		};
	}, [cursor, error]);

	return (
		<div class="list-end" ref={mark} aria-live="polite">
			{error ? (
				<>
					<p>{describe(error)}</p>
					<Button onClick={retry}>{t("tryAgain")}</Button>
				</>
			) : (
				<p>{cursor ? t("loadingMore") : end}</p>
			)}
		</div>
	);
}

/** The end of a list that was loaded as a whole. */
export function Total({ count }: { readonly count: number }) {
	return <p class="list-end">{t("total", { count })}</p>;
}
