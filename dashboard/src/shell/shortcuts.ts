// Keyboard shortcuts of the page that is shown, and the commands of the palette. Single letters count only while nobody
// writes and after the user has left the text by himself; those with Ctrl (on a Mac: Command) always.

import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../text/common";

export interface Command {
	/** Stable, for the list's keys. */
	readonly id: string;
	/** In the palette and in the help. */
	readonly text: string;
	/** One key such as "j", "Enter" or "?", or "mod+k". */
	readonly key?: string;
	/** Only a shortcut: not in the palette. */
	readonly isHidden?: boolean;
	readonly run: () => void;
}

type Commands = { readonly current: readonly Command[] };

/** Those that were registered last take precedence. */
const registered: Commands[] = [];

/** Each once: a page may register a command for all that it shows, and a part of it the same for itself. */
export function allCommands(): Command[] {
	const all = [...registered].reverse().flatMap(({ current }) => current);
	return [...new Map([...all].reverse().map((one) => [one.id, one])).values()].reverse();
}

/** Active while the component is mounted, from its first frame on: a key that follows at once is not lost. */
export function useCommands(commands: readonly Command[]): void {
	const now = useRef(commands);
	now.current = commands;
	useLayoutEffect(() => {
		registered.push(now);
		return () => void registered.splice(registered.indexOf(now), 1);
	}, []);
}

export const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** "mod+k" as it stands on the keys. */
export function keysOf(name: string): string[] {
	return name
		.replace("mod", IS_MAC ? "⌘" : t("keyCtrl"))
		.split("+")
		.map((key) => (key.length === 1 ? key.toUpperCase() : key));
}

/** Holding a key down repeats only what moves. */
const REPEATS = /^[jk]$/;

function isWriting(target: EventTarget | null): boolean {
	return (
		target instanceof HTMLElement &&
		(target.isContentEditable ||
			/^(TEXTAREA|SELECT)$/.test(target.tagName) ||
			(target instanceof HTMLInputElement && !/^(checkbox|radio|button)$/.test(target.type)))
	);
}

/** Letters within this time after a text were meant for it. */
const AFTER_TYPING_MS = 1_000;
const writing = { at: Number.NEGATIVE_INFINITY, isLeft: true, hasBegun: false };

/** Keys with which the user leaves a text. */
const LEAVES = /^(Escape|Tab|Enter)$/;

/** What tells whether the user writes: heard before the page hears it. */
const SIGNS = ["keydown", "pointerdown", "focusin", "popstate"];

function noteWriting(event: Event) {
	const { type, target } = event;
	const isText = isWriting(target);
	if (type === "focusin") {
		// The first letter is meant for it, too, unless the page hands the focus on, as a list does that closes.
		if (isText) writing.isLeft = writing.hasBegun = false;
		else if (!writing.hasBegun) writing.isLeft = true;
	} else if (!(event instanceof KeyboardEvent)) writing.isLeft = !isText;
	else {
		const { key, timeStamp } = event;
		// Safari says only by the key code that an input method takes the key.
		const isComposing = event.isComposing || event.keyCode === 229;
		if (isComposing) event.stopPropagation();
		// Enter ends neither a text of several lines nor a word of an input method.
		const isPart = isComposing || (key === "Enter" && target instanceof HTMLTextAreaElement);
		const isTyped = isText && !event.ctrlKey && !event.metaKey;
		if (LEAVES.test(key) && !isPart) writing.isLeft = true;
		else if (isTyped) {
			writing.isLeft = false;
			writing.hasBegun = true;
		}
		if (isTyped && !/^(Escape|Tab)$/.test(key)) writing.at = timeStamp;
	}
}

/**
 * Whether the user still writes, although the focus is elsewhere: a change of the page has taken it, and the next
 * letters would run commands.
 */
function isStillWriting(event: KeyboardEvent): boolean {
	return !writing.isLeft || event.timeStamp - writing.at < AFTER_TYPING_MS;
}

/** The name of the pressed key as commands write it; null: it belongs to the page or the browser. */
export function keyOf(event: KeyboardEvent): string | null {
	if (event.altKey) return null;
	if (event.ctrlKey || event.metaKey) {
		// Ctrl-Shift-K and, on a Mac, Ctrl-K belong to the browser.
		// What selects a text does so.
		if (event.key.toLowerCase() === "a" && isWriting(event.target)) return null;
		const isMod = (IS_MAC ? !event.ctrlKey : !event.metaKey) && !event.shiftKey;
		return isMod ? `mod+${event.key.toLowerCase()}` : null;
	}
	if (isWriting(event.target)) return null;
	return event.key;
}

function onKeyDown(event: KeyboardEvent) {
	// A modal dialog and a menu have keys of their own.
	if (event.defaultPrevented || document.querySelector("dialog[open], [popover=auto]:popover-open"))
		return;
	const key = keyOf(event);
	// Enter and the space bar on a button or link do what these do.
	if (key === null || (/^(Enter| )$/.test(key) && event.target !== document.body)) return;
	const command = allCommands().find((one) => one.key === key);
	if (!command || (key.length === 1 && isStillWriting(event))) return;
	event.preventDefault();
	if (event.repeat && !REPEATS.test(key)) return;
	command.run();
}

/** Once, in the frame. */
export function listenToKeys(): () => void {
	document.addEventListener("keydown", onKeyDown);
	for (const sign of SIGNS) addEventListener(sign, noteWriting, true);
	return () => {
		document.removeEventListener("keydown", onKeyDown);
		for (const sign of SIGNS) removeEventListener(sign, noteWriting, true);
	};
}
