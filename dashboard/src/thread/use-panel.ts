// The side panel: a column where there is room for it, otherwise a drawer over the messages.

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** In rem: the messages keep a readable width beside the column. */
const WIDE_REM = 52;
const CHOICE = "banter:thread-panel";

export interface Panel {
	readonly isDrawer: boolean;
	readonly isOpen: boolean;
	toggle(): void;
	close(): void;
}

function wasClosed(): boolean {
	try {
		return localStorage.getItem(CHOICE) === "closed";
	} catch {
		return false;
	}
}

function remember(isOpen: boolean): void {
	try {
		localStorage.setItem(CHOICE, isOpen ? "open" : "closed");
	} catch {
		// The column is open again next time.
	}
}

export function usePanel(root: RefObject<HTMLElement | null>): Panel {
	const [isWide, setWide] = useState(false);
	const [hasColumn, setColumn] = useState(() => !wasClosed());
	const [hasDrawer, setDrawer] = useState(false);
	useLayoutEffect(() => {
		const node = root.current;
		if (!node) return;
		const measure = () => {
			const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
			setWide(node.clientWidth >= WIDE_REM * rem);
		};
		measure();
		const watch = new ResizeObserver(measure);
		watch.observe(node);
		return () => watch.disconnect();
	}, []);
	const isOverlay = !isWide && hasDrawer;
	useEffect(() => {
		if (!isOverlay) return;
		const onKeyDown = (event: KeyboardEvent) => {
			if (event.key !== "Escape" || event.defaultPrevented) return;
			if (document.querySelector("dialog[open], [popover=auto]:popover-open")) return;
			event.preventDefault();
			setDrawer(false);
		};
		document.addEventListener("keydown", onKeyDown);
		root.current?.querySelector<HTMLElement>("#thread-side button")?.focus();
		return () => {
			document.removeEventListener("keydown", onKeyDown);
			requestAnimationFrame(() =>
				root.current?.querySelector<HTMLElement>("[aria-controls=thread-side]")?.focus(),
			);
		};
	}, [isOverlay]);
	return {
		isDrawer: !isWide,
		isOpen: isWide ? hasColumn : hasDrawer,
		toggle() {
			if (!isWide) setDrawer(!hasDrawer);
			else {
				setColumn(!hasColumn);
				remember(!hasColumn);
			}
		},
		close: () => setDrawer(false),
	};
}
