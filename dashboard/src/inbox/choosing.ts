// How rows are chosen with a pointer: Shift and a click choose a range; on touch screens a long press chooses one, and
// while one is chosen, each touch does.

import { useRef } from "preact/hooks";
import type { Chosen } from "./chosen";

const LONG_PRESS_MS = 500;
/** A finger that moves farther scrolls. */
const STILL_PX = 10;

const idOf = (event: Event): string | null =>
	(event.target as Element).closest<HTMLElement>("[data-id]")?.dataset.id ?? null;

interface Press {
	readonly timer: number;
	readonly x: number;
	readonly y: number;
}

/** Listeners for the element around the rows. */
export function useChoosing(chosen: Chosen, selectedId: string | null) {
	const press = useRef<Press | null>(null);
	/** The finger that has chosen a row is still down: its click opens nothing. */
	const isDone = useRef(false);
	const end = () => {
		if (press.current) clearTimeout(press.current.timer);
		press.current = null;
	};
	return {
		onClick(event: MouseEvent) {
			const id = idOf(event);
			const isTouch = (event as PointerEvent).pointerType === "touch";
			if (id === null || event.button !== 0) return;
			if (isDone.current) isDone.current = false;
			else if (event.shiftKey) chosen.extend(id, selectedId);
			else if (isTouch && chosen.all().length > 0) chosen.toggle(id);
			else return;
			// The link is not followed, neither here nor in a new window.
			event.preventDefault();
			event.stopPropagation();
		},
		onPointerDown(event: PointerEvent) {
			const id = idOf(event);
			end();
			isDone.current = false;
			if (id === null || event.pointerType !== "touch") return;
			const choose = () => {
				press.current = null;
				isDone.current = true;
				chosen.toggle(id);
			};
			const timer = window.setTimeout(choose, LONG_PRESS_MS);
			press.current = { timer, x: event.clientX, y: event.clientY };
		},
		onPointerMove({ clientX, clientY }: PointerEvent) {
			const from = press.current;
			if (from && Math.hypot(clientX - from.x, clientY - from.y) > STILL_PX) end();
		},
		onPointerUp: end,
		onPointerCancel: end,
		/** That of a long press would cover the rows. */
		onContextMenu(event: MouseEvent) {
			if (press.current || isDone.current) event.preventDefault();
		},
	};
}
