// The messages, in a box that scrolls by itself. The reader stays where he is while messages are added at both ends and
// texts grow; at the end, the box follows what is new.

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { End } from "./controller";
import { t } from "./texts";

/** Closer to the end than this counts as reading the newest messages. */
const END_PX = 60;
/** So far before an end of what is there, the next page is loaded. */
const AHEAD_PX = 900;

interface LogProps {
	readonly children: ComponentChildren;
	/** Whether the last message shown is the newest one. */
	readonly isNewest: boolean;
	/** The message to bring into view. */
	readonly target: string | null;
	/** Changes when the end must come into view. */
	readonly jumps: number;
	/** Which ends have more to load. */
	readonly more: Readonly<Record<End, boolean>>;
	readonly load: (end: End) => void;
	readonly toNewest: () => void;
	/** Whether the reader sees the newest message. */
	readonly onEnd: (isAtEnd: boolean) => void;
	/** Messages have come that the reader has not seen. */
	readonly hasNew: boolean;
}

/** The first row that can be seen, and where it is. */
interface Anchor {
	readonly id: string;
	readonly top: number;
}

/** The first one whose lower edge is below this height; the last one if none is. */
function firstBelow(nodes: readonly HTMLElement[], edge: number): HTMLElement | undefined {
	let low = 0;
	let high = nodes.length - 1;
	while (low < high) {
		const middle = (low + high) >> 1;
		const bottom = nodes[middle]?.getBoundingClientRect().bottom ?? 0;
		if (bottom > edge) high = middle;
		else low = middle + 1;
	}
	return nodes[low];
}

const within = (node: HTMLElement, selector: string): HTMLElement[] =>
	Array.from(node.querySelectorAll<HTMLElement>(selector));

function anchorOf(box: HTMLElement): Anchor | null {
	const edge = box.getBoundingClientRect().top;
	// First by groups: asking for a row's place would lay out a group that the browser has skipped.
	const group = firstBelow(within(box, ".group"), edge);
	const row = group && firstBelow(within(group, "[data-row]"), edge);
	return row?.dataset.row
		? { id: row.dataset.row, top: row.getBoundingClientRect().top - edge }
		: null;
}

function findRow(box: HTMLElement, id: string): HTMLElement | null {
	return box.querySelector(`[data-row="${CSS.escape(id)}"]`);
}

/**
 * Groups whose size the browser knows are laid out only while they are near the visible part. Setting it before would
 * make the first layout use a guessed size. Not for those that are near it: the next layout would use the size of an
 * earlier frame, and a box that is shorter for a moment loses its place at the end.
 */
function skipFarGroups(box: HTMLElement): void {
	const seen = box.getBoundingClientRect();
	const areFar = within(box, ".group:not(.group-known)").filter((group) => {
		const { top, bottom } = group.getBoundingClientRect();
		return bottom < seen.top - seen.height || top > seen.bottom + seen.height;
	});
	for (const group of areFar) group.classList.add("group-known");
}

/** Keeps the place, after each change of what is in the box. */
function useSteadyPlace(
	box: RefObject<HTMLDivElement | null>,
	content: RefObject<HTMLDivElement | null>,
	isNewest: boolean,
) {
	const anchor = useRef<Anchor | null>(null);
	const sticks = useRef(true);
	/** Where it stood when the anchor was noted. */
	const noted = useRef(0);
	const now = useRef(isNewest);
	now.current = isNewest;

	function hold() {
		const node = box.current;
		if (!node) return;
		// The reader has scrolled in this frame, and the event is still to come.
		const moved = node.scrollTop - noted.current;
		if (moved < -1) sticks.current = false;
		if (sticks.current && now.current) node.scrollTop = node.scrollHeight;
		else if (anchor.current) {
			const row = findRow(node, anchor.current.id);
			if (!row) return;
			const top = row.getBoundingClientRect().top - node.getBoundingClientRect().top;
			node.scrollTop += top - (anchor.current.top - moved);
		}
		// A change in the same frame starts from here.
		note();
	}

	function note() {
		const node = box.current;
		if (!node) return;
		const isAtEnd = node.scrollHeight - node.scrollTop - node.clientHeight < END_PX;
		// A long reply is drawn piece by piece, also before the event of the last scrolling comes.
		const follows = sticks.current && now.current && node.scrollTop >= noted.current - 1;
		sticks.current = isAtEnd || follows;
		anchor.current = anchorOf(node);
		noted.current = node.scrollTop;
	}

	useEffect(() => {
		const node = box.current;
		if (!node || !content.current) return;
		let frame = 0;
		const watch = new ResizeObserver(() => {
			hold();
			cancelAnimationFrame(frame);
			frame = requestAnimationFrame(() => skipFarGroups(node));
		});
		watch.observe(content.current);
		watch.observe(node);
		return () => {
			watch.disconnect();
			cancelAnimationFrame(frame);
		};
	}, []);
	return { hold, note, sticks, anchor };
}

export function Log(props: LogProps) {
	const { children, isNewest, target, jumps, more, load, toNewest, onEnd, hasNew } = props;
	const box = useRef<HTMLDivElement>(null);
	const content = useRef<HTMLDivElement>(null);
	const { hold, note, sticks } = useSteadyPlace(box, content, isNewest);
	const [isAtEnd, setAtEnd] = useState(true);
	const shown = useRef<string | null>(null);

	function look() {
		const node = box.current;
		if (!node) return;
		note();
		const { scrollTop, scrollHeight, clientHeight } = node;
		if (more.previous && scrollTop < AHEAD_PX) load("previous");
		if (more.next && scrollHeight - scrollTop - clientHeight < AHEAD_PX) load("next");
		const isEnd = sticks.current && isNewest;
		setAtEnd(isEnd);
		onEnd(isEnd);
	}

	useLayoutEffect(() => {
		if (jumps > 0) sticks.current = true;
	}, [jumps]);

	useLayoutEffect(() => {
		const node = box.current;
		if (!node) return;
		if (target !== null && target !== shown.current) {
			const row = findRow(node, target);
			if (row) {
				shown.current = target;
				sticks.current = false;
				row.scrollIntoView({ block: "center" });
			}
		} else hold();
		if (target === null) shown.current = null;
		look();
	});

	function down() {
		sticks.current = true;
		if (isNewest) box.current?.scrollTo({ top: box.current.scrollHeight });
		else toNewest();
	}

	return (
		<div class="thread-scroll">
			{/* Not announced from here: a reply that streams would be read token by token. */}
			<div
				class="thread-box"
				ref={box}
				role="log"
				aria-live="off"
				aria-label={t("messages")}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
				tabIndex={0}
				onScroll={look}
			>
				<div class="thread-content" ref={content}>
					{children}
				</div>
			</div>
			{!isAtEnd && (
				<button class="button thread-down" type="button" onClick={down}>
					{hasNew ? t("newMessages") : t("toNewest")} <span aria-hidden="true">↓</span>
				</button>
			)}
		</div>
	);
}
