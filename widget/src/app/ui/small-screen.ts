// On a small screen the panel covers the page: it is modal and follows the area above a phone's
// keyboard.

/** Keep equal to the condition in styles/compact.css. */
const COMPACT = "(max-width: 480px), (max-height: 460px)";

function isCompact(): boolean {
	return matchMedia(COMPACT).matches;
}

/** Whether the chat has its place in the page, or is the page: it is always open, and never modal. */
export function isPlaced(frame: Element): boolean {
	return frame.matches(".inline, .page");
}

export function isModal(panel: HTMLElement): boolean {
	return isCompact() && !panel.closest(".inline, .page");
}

/** Calls `changed` when a screen becomes small, or is no longer. */
export function watchCompact(changed: () => void, signal: AbortSignal): void {
	matchMedia(COMPACT).addEventListener("change", changed, { signal });
}

/** Returns the function that keeps the page from scrolling, or lets it; it does again when `signal` is aborted. */
export function createHold(signal: AbortSignal): (isHeld: boolean) => void {
	// Not in Safari before 16.4.
	const sheet = document.adoptedStyleSheets && new CSSStyleSheet();
	sheet?.replaceSync("html{overflow:hidden!important}");
	let before = false;
	function hold(isHeld: boolean): void {
		if (!sheet || isHeld === before) return;
		before = isHeld;
		const others = document.adoptedStyleSheets.filter((one) => one !== sheet);
		document.adoptedStyleSheets = isHeld ? [...others, sheet] : others;
	}
	signal.addEventListener("abort", () => hold(false));
	return hold;
}

/** Keeps --top and --height of `root` equal to the visible part of the page. */
export function trackViewport(root: HTMLElement, signal: AbortSignal): void {
	const viewport = window.visualViewport;
	if (!viewport) return;
	const update = () => {
		// Pinch zoom must not shrink the panel.
		const pinched = viewport.scale > 1.01;
		root.style.setProperty("--top", pinched ? "0px" : `${viewport.offsetTop}px`);
		root.style.setProperty("--height", pinched ? "100%" : `${viewport.height}px`);
	};
	viewport.addEventListener("resize", update, { signal });
	viewport.addEventListener("scroll", update, { signal });
	update();
}

/** Keeps the Tab key inside `panel`. */
export function keepFocusInside(panel: HTMLElement, event: KeyboardEvent): void {
	const all = panel.querySelectorAll<HTMLElement>(":enabled, a[href], [tabindex='0']");
	const stops = [...all].filter((node) => node.getClientRects()[0]);
	const [first] = stops;
	const last = stops.pop();
	const focused = (panel.getRootNode() as ShadowRoot).activeElement;
	const leaving = event.shiftKey ? focused === first || focused === panel : focused === last;
	if (!leaving) return;
	event.preventDefault();
	(event.shiftKey ? last : first)?.focus();
}
