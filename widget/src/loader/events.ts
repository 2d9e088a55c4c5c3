// The events in the chat, which the page's scripts shall not hear, as if the chat were a frame.

/** What pages cancel, or answer with commands or by taking the focus. */
const TYPES =
	"keydown,keyup,keypress,focus,focusin,focusout,blur,click,pointerdown,mousedown,mouseup,touchstart,touchmove,touchend,wheel,copy,cut,paste,beforeinput,selectstart,dragstart,dragover,drop,contextmenu";

/**
 * Stops the events in `host()` at the first place that has them, the window while it captures; the browser's own
 * action follows unless a listener in the chat prevents it. Those listeners get a copy, which stays in the shadow tree.
 */
export function keepEvents(host: () => EventTarget | undefined, signal: AbortSignal): void {
	function keep(event: Event): void {
		const path = event.composedPath();
		if (path.indexOf(host() as EventTarget) < 1) return;
		event.stopImmediatePropagation();
		const { type, bubbles, key, keyCode, shiftKey, isComposing, clipboardData, dataTransfer } =
			event as KeyboardEvent & ClipboardEvent & DragEvent;
		// Not a MouseEvent, whose dispatch would follow a link a second time; nor a KeyboardEvent, which leaves the tree
		// in Firefox.
		const copy = Object.assign(new CustomEvent(type, { bubbles, cancelable: true }), {
			key,
			keyCode,
			shiftKey,
			isComposing,
			clipboardData,
			dataTransfer,
		});
		if (!path[0]?.dispatchEvent(copy)) event.preventDefault();
	}
	for (const type of TYPES.split(",")) addEventListener(type, keep, { capture: true, signal });
}
