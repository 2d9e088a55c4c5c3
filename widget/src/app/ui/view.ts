// The panel in the loader's shadow tree, and the button's state.

import { el, perFrame } from "../../dom";
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
	setTheme(name: ThemeName): void;
}

/**
 * Events from a shadow tree appear to come from the host element, which is not a text field;
 * without this, the page's keyboard shortcuts would fire while the visitor types.
 */
function keepKeysInside(root: ShadowRoot, signal: AbortSignal): void {
	for (const type of ["keydown", "keypress", "keyup"]) {
		root.addEventListener(type, (event) => event.stopPropagation(), { signal });
	}
}

/** The nodes leave the page when `signal` is aborted. */
export function createView(parts: OpenParts, opened: Opened): View {
	const { store, conversation, isReturning } = opened;
	const { shell, words, settings, signal } = parts;
	const { frame, button } = shell;
	const launcher = createLauncher(button, words, signal);
	const panel = createPanel(parts, { ...conversation, close: () => toggle(false) }, render);
	const live = el("div", { class: "spoken", "aria-live": "polite" });
	const hold = createHold(signal);
	let status = statusText(words, store.get());
	button.before(panel.node, live);
	signal.addEventListener("abort", () => {
		panel.node.remove();
		live.remove();
	});

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
		if (state.open && isReturning) panel.log.prepare();
		launcher.render(state);
		panel.render(state);
		announce(state);
		hold(state.open && isModal(panel.node));
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
	keepKeysInside(shell.root, signal);
	trackViewport(frame, signal);
	watchCompact(render, signal);
	frame.style.setProperty("--radius", `${settings.radius}px`);
	if (settings.inheritsFont)
		frame.style.setProperty("--font", getComputedStyle(document.body).fontFamily);
	store.subscribe(perFrame(render, signal));
	const { target } = shell.script.dataset;
	if (frame.matches(".inline")) shell.host.dataset.inline = "";
	else if (target)
		console.warn(`No element matches data-target="${target}": the chat has a button`);
	// Without the focus, which is the page's.
	if (isPlaced(frame)) store.update((state) => setOpen(state, true));
	render();
	const { picture, sound, starters, teaser, unreadInTitle } = settings;
	if (picture || sound || starters[0] || teaser.text || unreadInTitle)
		void usePart("extras", parts, ({ addExtras }) =>
			addExtras(parts, opened, panel, () => toggle(true)),
		);
	return {
		toggle,
		prefill: panel.prefill,
		setTheme(name) {
			theme = name;
			update();
		},
	};
}
