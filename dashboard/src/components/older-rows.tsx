// The end of a list: loads what follows when the reader comes near, and says how the list ends.

import { useEffect, useRef } from "preact/hooks";
import { type ApiError, describe } from "../errors";

/** So far before the end is reached, loading begins. */
const AHEAD = "800px";

interface OlderRowsProps {
	/** Selects what follows; null: nothing does. */
	readonly cursor: string | null;
	/** Why it could not be loaded. */
	readonly error: ApiError | null;
	load(cursor: string, signal: AbortSignal): void;
	retry(): void;
}

export function OlderRows({ cursor, error, load, retry }: OlderRowsProps) {
	const end = useRef<HTMLDivElement>(null);

	useEffect(() => {
		if (!cursor || error || !end.current) return;
		const abort = new AbortController();
		const watch = new IntersectionObserver(
			([entry]) => {
				if (!entry?.isIntersecting) return;
				watch.disconnect();
				load(cursor, abort.signal);
			},
			{ rootMargin: AHEAD },
		);
		watch.observe(end.current);
		return () => {
			watch.disconnect();
			abort.abort();
		};
	}, [cursor, error]);

	return (
		<div class="list-end" ref={end} aria-live="polite">
			{error ? (
				<>
					<p>{describe(error)}</p>
					<button class="button" type="button" onClick={retry}>
						Load older conversations
					</button>
				</>
			) : (
				<p>{cursor ? "Loading older conversations…" : "These are all conversations."}</p>
			)}
		</div>
	);
}
