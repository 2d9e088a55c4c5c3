// A message beside the closed button, on some pages, after a while.

import { detach, el } from "../../dom";
import type { Opened, OpenParts } from "../conversation";
import type { Teaser } from "../settings";
import { CLOSE, icon } from "./icons";

const SEEN_KEY = "banter.teaser";

/** Whether a path matches a pattern, in which `*` stands for any characters. */
export function isPathLike(path: string, pattern: string): boolean {
	const parts = pattern.split("*").map((part) => part.replace(/[^\w/]/g, "\\$&"));
	return new RegExp(`^${parts.join(".*")}$`).test(path);
}

/** How much of the page the visitor has scrolled past, in percent. */
function scrolledPercent(): number {
	const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
	return scrollHeight > clientHeight ? (100 * scrollTop) / (scrollHeight - clientHeight) : 100;
}

/** Calls `task` when the page has been there and been scrolled long enough. */
function whenDue({ delaySeconds, scrollPercent }: Teaser, signal: AbortSignal, task: () => void) {
	const done = new AbortController();
	const check = () => {
		if (signal.aborted || scrolledPercent() < scrollPercent) return;
		if (performance.now() < delaySeconds * 1000) return;
		done.abort();
		task();
	};
	const timer = setTimeout(check, Math.max(0, delaySeconds * 1000 - performance.now()) + 1);
	addEventListener("scroll", check, { signal: done.signal, passive: true });
	signal.addEventListener("abort", () => {
		clearTimeout(timer);
		done.abort();
	});
}

export function createTeaser(
	{ shell, settings: { teaser }, words, signal }: OpenParts,
	{ store, local }: Opened,
	open: () => void,
): void {
	const key = SEEN_KEY + shell.space;
	const { text, paths, oncePerVisitor } = teaser;
	if (!text || (oncePerVisitor && local.getItem(key) !== null)) return;
	if (paths.length > 0 && !paths.some((path) => isPathLike(location.pathname, path))) return;
	const message = el("button", { dir: "auto" }, text);
	const close = el("button", { "aria-label": words("closeTeaser") }, icon(CLOSE));
	const node = el("div", { class: "teaser" }, message, close);
	const dismiss = () => {
		local.setItem(key, "1");
		detach(node);
	};
	message.addEventListener("click", open);
	close.addEventListener("click", () => {
		dismiss();
		shell.button.focus({ preventScroll: true });
	});
	store.subscribe((state) => state.open && dismiss());
	signal.addEventListener("abort", () => detach(node));
	whenDue(teaser, signal, () => {
		if (!store.get().open) shell.button.before(node);
	});
}
