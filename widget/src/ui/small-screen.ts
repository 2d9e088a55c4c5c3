// On a small screen the panel covers everything: then it is modal, and has to shrink with
// what a phone's keyboard leaves free.

/** The same condition stands in styles/compact.css. */
const COMPACT = "(max-width: 480px), (max-height: 460px)";

export function isCompact(): boolean {
	return matchMedia(COMPACT).matches;
}

/** Keeps --top and --height of `root` at the part of the page that can be seen. */
export function trackViewport(root: HTMLElement): void {
	const viewport = window.visualViewport;
	if (!viewport) return;
	const update = () => {
		// Zoomed in by two fingers: the visitor wants to look closer, not a smaller panel.
		const pinched = viewport.scale > 1.01;
		root.style.setProperty("--top", pinched ? "0px" : `${viewport.offsetTop}px`);
		root.style.setProperty("--height", pinched ? "100%" : `${viewport.height}px`);
	};
	viewport.addEventListener("resize", update);
	viewport.addEventListener("scroll", update);
	update();
}

/** Tab goes round inside `panel`. */
export function keepFocusInside(panel: HTMLElement, event: KeyboardEvent): void {
	const all = panel.querySelectorAll<HTMLElement>(
		"button, input, textarea, a[href], [tabindex='0']",
	);
	const isStop = (node: HTMLElement) =>
		!node.matches(":disabled") && node.getClientRects().length > 0;
	const stops = Array.from(all).filter(isStop);
	const first = stops[0];
	const last = stops[stops.length - 1];
	const root = panel.getRootNode();
	const focused = root instanceof ShadowRoot ? root.activeElement : document.activeElement;
	const leaving = event.shiftKey ? focused === first || focused === panel : focused === last;
	if (!leaving) return;
	event.preventDefault();
	(event.shiftKey ? last : first)?.focus();
}
