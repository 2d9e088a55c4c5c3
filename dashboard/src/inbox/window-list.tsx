// The list's window: of all rows only those near the visible part are in the document, each at its place. When rows come,
// go or move, the visible ones stay where they are, to the pixel; at the top, the newest ones show.

import type { ComponentChildren, HTMLAttributes, RefObject } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation } from "../../../workerd/api/openapi/openapi";
import type { ConversationList } from "./conversation-list";

const ROW_REM = 4.75;
/** The document changes when the reader has scrolled by so many rows. */
const STEP = 6;
/** So many rows before an end of the loaded rows, more are loaded. */
const AHEAD = 120;

export interface WindowHandle {
	/** Scrolls as little as needed, and moves the focus to the row. */
	reveal(id: string): void;
	toTop(): void;
	/** The first row that is wholly visible. */
	firstVisible(): number;
}

interface WindowListProps {
	readonly list: ConversationList;
	readonly label: string;
	readonly handle: RefObject<WindowHandle | null>;
	/** Its row stays in the document: it may have the focus. */
	readonly selectedId: string | null;
	readonly row: (row: Conversation, index: number, top: number) => ComponentChildren;
	/** Below the rows, and over them at the top. */
	readonly end: ComponentChildren;
	readonly top: ComponentChildren;
	/** Of the rows. */
	readonly listeners: HTMLAttributes<HTMLUListElement>;
}

/** In pixels: it follows the size of the text. A whole number, as the browser may round a scroll position. */
function useRowHeight(): number {
	const measure = () =>
		Math.round(ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
	const [height, setHeight] = useState(measure);
	useEffect(() => {
		const update = () => setHeight(measure());
		window.addEventListener("resize", update);
		return () => window.removeEventListener("resize", update);
	}, []);
	return height;
}

export function WindowList(props: WindowListProps) {
	const { list, label, handle, selectedId, row, end, top } = props;
	const { rows } = list;
	const scroller = useRef<HTMLDivElement>(null);
	const height = useRowHeight();
	const [range, setRange] = useState(() => rangeAt(list.scrollTop, window.innerHeight));
	/** The rows that were visible after the last rendering, with their positions. */
	const seen = useRef<ReadonlyArray<readonly [id: string, index: number]>>([]);
	const version = useRef(-1);
	/** How far to scroll after rendering, so that the visible rows stay where they are. */
	const shift = useRef(0);
	const toFocus = useRef<string | null>(null);

	function rangeAt(scrollTop: number, viewHeight: number) {
		const step = STEP * height;
		return {
			first: Math.max(0, (Math.floor(scrollTop / step) - 1) * STEP),
			last: (Math.ceil((scrollTop + viewHeight) / step) + 1) * STEP,
		};
	}

	if (version.current !== list.version) {
		version.current = list.version;
		if (list.scrollTop > 0) shift.current += height * shiftOf(list, seen.current);
	}
	const shown =
		shift.current === 0
			? range
			: rangeAt(list.scrollTop + shift.current, scroller.current?.clientHeight ?? 0);
	const indexes: number[] = [];
	const kept = selectedId === null ? -1 : rows.indexOf(selectedId);
	const last = Math.min(shown.last, rows.all.length);
	if (kept >= 0 && kept < shown.first) indexes.push(kept);
	for (let i = shown.first; i < last; i++) indexes.push(i);
	if (kept >= last) indexes.push(kept);

	function note() {
		const view = scroller.current;
		if (!view) return;
		list.scrollTop = view.scrollTop;
		const first = Math.floor(view.scrollTop / height);
		list.firstVisible = first;
		if (view.scrollTop <= 0) list.arrivals.clear();
		const count = Math.ceil(view.clientHeight / height) + 1;
		seen.current = rows.all
			.slice(first, first + count)
			.map(({ _id }, i) => [_id, first + i] as const);
		if (first + count + AHEAD > rows.all.length && !list.olderError) void list.loadOlder();
		if (first < AHEAD) void list.loadNewer();
	}

	function onScroll() {
		const view = scroller.current;
		if (!view) return;
		const hadArrivals = list.arrivals.size > 0;
		note();
		const next = rangeAt(view.scrollTop, view.clientHeight);
		const isSame = next.first === range.first && next.last === range.last;
		if (!isSame || (hadArrivals && list.arrivals.size === 0)) setRange(next);
	}

	// The place of the last visit.
	useLayoutEffect(() => {
		scroller.current?.scrollTo({ top: list.scrollTop, behavior: "instant" });
		onScroll();
		const watch = new ResizeObserver(onScroll);
		if (scroller.current) watch.observe(scroller.current);
		return () => watch.disconnect();
	}, []);

	useLayoutEffect(() => {
		const view = scroller.current;
		if (!view) return;
		if (shift.current !== 0) {
			view.scrollTo({ top: view.scrollTop + shift.current, behavior: "instant" });
			shift.current = 0;
			onScroll();
		} else note();
		if (toFocus.current === null) return;
		const link = view.querySelector<HTMLElement>(`[data-id="${CSS.escape(toFocus.current)}"]`);
		link?.focus({ preventScroll: true });
		if (link) toFocus.current = null;
	});

	useImperativeHandle(handle, () => ({
		reveal(id) {
			const view = scroller.current;
			const index = rows.indexOf(id);
			if (!view || index < 0) return;
			const from = index * height;
			const to = from + height - view.clientHeight;
			if (view.scrollTop > from) view.scrollTo({ top: from, behavior: "instant" });
			else if (view.scrollTop < to) view.scrollTo({ top: to, behavior: "instant" });
			toFocus.current = id;
			onScroll();
		},
		toTop() {
			scroller.current?.scrollTo({ top: 0, behavior: "instant" });
			onScroll();
		},
		firstVisible: () => Math.ceil((scroller.current?.scrollTop ?? 0) / height),
	}));

	return (
		<div class="list-window" ref={scroller} onScroll={onScroll}>
			{top}
			<ul
				{...props.listeners}
				class="list"
				aria-label={label}
				style={{ height: `${rows.all.length * height}px`, "--row": `${height}px` }}
			>
				{indexes.map((i) => {
					const one = rows.all[i];
					return one && row(one, i, i * height);
				})}
			</ul>
			{end}
		</div>
	);
}

/** By how many rows most of the seen rows have moved: few jump, the others keep together. */
function shiftOf(
	{ rows }: ConversationList,
	seen: ReadonlyArray<readonly [id: string, index: number]>,
): number {
	const shifts = seen
		.map(([id, index]) => [rows.indexOf(id), index] as const)
		.filter(([now]) => now >= 0)
		.map(([now, index]) => now - index)
		.sort((a, b) => a - b);
	return shifts[shifts.length >> 1] ?? 0;
}
