// The panel in the loader's shadow tree, and the button's state.

import { detach, el, perFrame } from "../../dom";
import type { Shell } from "../../shell";
import { type State, setOpen } from "../chat/state";
import type { Opened, OpenParts } from "../conversation";
import { usePart } from "../parts";
import { createLauncher } from "./launcher";
import { createPanel } from "./panel";
import { createHold, isModal, isPlaced, trackViewport, watchCompact } from "./small-screen";
import { statusText } from "./status";
import { followScheme, type ThemeName, themeFor } from "./theme";

/** Longer announcements are read from the list. */
const LINES_MAX = 200;

export interface View {
	toggle(open: boolean): void;
	prefill(text: string): void;
	/** The chat has moved into an element of the page, or out of it. */
	moved(): void;
	setTheme(name: ThemeName): void;
}

/** What nodes lose when they leave the page: the focus, and how far they are scrolled. Returns the function that restores it. */
function keepPlaces({ host, root }: Shell, signal: AbortSignal): () => void {
	const tops = new Map<Element, number>();
	let focused: HTMLElement | null = null;
	root.addEventListener(
		"scroll",
		(event) => {
			const node = event.target as Element;
			if (node.isConnected) tops.set(node, node.scrollTop);
			// Of an earlier frame: outside the page, nothing is scrolled, and no one reads the end.
			else event.stopPropagation();
		},
		{ capture: true, signal },
	);
	root.addEventListener(
		"focusin",
		({ target }) => {
			focused = target as HTMLElement;
		},
		{ signal },
	);
	const left = () => {
		if (host.isConnected) focused = root.activeElement as HTMLElement;
	};
	// Later: the focus also leaves a node that is being removed.
	root.addEventListener("focusout", () => queueMicrotask(left), { signal });
	return () => {
		tops.forEach((top, node) => {
			node.scrollTop = top;
		});
		// The page may have moved it.
		if (document.activeElement?.matches("body")) focused?.focus({ preventScroll: true });
	};
}

/** The nodes leave the page when `signal` is aborted. */
export function createView(parts: OpenParts, opened: Opened): View {
	const { store, conversation } = opened;
	const { shell, words, settings, signal } = parts;
	const { frame, button } = shell;
	const launcher = createLauncher(button, words, signal);
	const panel = createPanel(parts, { ...conversation, close: () => toggle(false) }, render);
	const live = el("div", { class: "spoken", "aria-live": "polite" });
	const hold = createHold(signal);
	let status = statusText(words, store.get());
	let hasExtras = false;
	button.before(panel.node, live);
	signal.addEventListener("abort", () => {
		detach(panel.node);
		detach(live);
	});

	/** Once: what a site has switched on, or what a visitor reads who waits for a person. */
	function addExtras({ people }: State): void {
		const { picture, sound, starters, teaser, disclosure, unreadInTitle, offersPerson } = settings;
		const isWanted =
			picture ||
			sound ||
			offersPerson ||
			starters[0] ||
			teaser.text ||
			disclosure.show ||
			unreadInTitle ||
			people.phase === "waiting";
		if (!isWanted || hasExtras) return;
		hasExtras = true;
		void usePart("extras", parts, ({ addExtras }) =>
			addExtras(parts, opened, panel, () => toggle(true)),
		);
	}

	/** New elements each time, so that equal texts are announced twice; one for each line. */
	function announce(state: State): void {
		const last = status;
		status = statusText(words, state);
		const texts = [...panel.log.news(state), status === last ? "" : status];
		const lines = texts.join("\n").split("\n").filter(Boolean).slice(0, LINES_MAX);
		if (lines[0]) live.replaceChildren(...lines.map((line) => el("p", {}, line)));
	}

	function render(): void {
		const state = store.get();
		frame.classList.toggle("open", state.open);
		if (state.open) panel.log.prepare();
		launcher.render(state);
		panel.render(state);
		announce(state);
		hold(state.open && isModal(panel.node));
		addExtras(state);
	}

	function toggle(wanted: boolean): void {
		const open = wanted || isPlaced(frame);
		store.update((state) => setOpen(state, open));
		// Render now, not in the next frame: a hidden element cannot take the focus.
		render();
		if (open) panel.focus();
		else button.focus({ preventScroll: true });
	}

	const onKey = (event: KeyboardEvent) => {
		if (event.key === "Escape" && !event.isComposing && store.get().open) toggle(false);
	};
	frame.addEventListener("keydown", onKey, { signal });
	const { accent, onAccent } = settings;
	let { theme } = settings;
	const update = followScheme(
		frame,
		() => theme,
		(isDark) => themeFor(accent, onAccent, isDark),
		signal,
	);
	trackViewport(frame, signal);
	watchCompact(render, signal);
	frame.style.setProperty("--radius", `${settings.radius}px`);
	if (settings.inheritsFont)
		frame.style.setProperty(
			"--font",
			getComputedStyle(shell.host.parentElement ?? document.documentElement).fontFamily,
		);
	store.subscribe(perFrame(render, signal));
	const { target } = shell.script.dataset;
	if (target && !isPlaced(frame))
		console.warn(`No element matches data-target="${target}": the chat has a button`);
	const restore = keepPlaces(shell, signal);
	let wasPlaced = false;
	let wasOpen = store.get().open;

	/** Without the focus, which is the page's. */
	function moved(): void {
		restore();
		const isNow = isPlaced(frame);
		if (isNow === wasPlaced) return;
		wasPlaced = isNow;
		if (isNow) wasOpen = store.get().open;
		store.update((state) => setOpen(state, isNow || wasOpen));
		render();
	}

	moved();
	render();
	return {
		toggle,
		moved,
		prefill: panel.prefill,
		setTheme(name) {
			theme = name;
			update();
		},
	};
}
