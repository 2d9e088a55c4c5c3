// One picture in the whole window: larger and smaller, the next one by keys, buttons or a swipe, and back to where
// the focus was.

import { detach, el } from "../dom";
import { paint } from "./paint";
import type { FileWord, FileWords } from "./words";

export interface Picture {
	readonly name: string;
	/** What it shows; undefined: nobody has said it. */
	readonly description: string | undefined;
	/** What a browser may decode; null: there is none. */
	load(): Promise<Blob | null>;
	/** Where there is no viewer. */
	save(): void;
}

const ZOOM_MAX = 8;
const EDGE_MAX = 4096;
const SWIPE_PX = 60;

/** `parent`: gets the dialog. */
export function openViewer(
	parent: HTMLElement,
	words: FileWords,
	pictures: readonly Picture[],
	first: number,
): void {
	const root = parent.getRootNode() as Document | ShadowRoot;
	const back = root.activeElement as HTMLElement | null;
	let at = first;
	let zoom = 1;
	let fitted = 0;
	let from: PointerEvent | null = null;
	let image: HTMLElement = el("span");
	const name = el("p", { dir: "auto", "aria-live": "polite" });
	const box = el("div", { class: "viewer-box" });
	const button = (word: FileWord, sign: string, run: () => void) => {
		const node = el(
			"button",
			{ type: "button", "aria-label": words(word), title: words(word) },
			sign,
		);
		node.addEventListener("click", run);
		return node;
	};
	const turns = pictures[1]
		? [button("previous", "‹", () => turn(-1)), button("next", "›", () => turn(1))]
		: [];
	const bar = el(
		"div",
		{ class: "viewer-bar" },
		name,
		...turns,
		button("smaller", "−", () => setZoom(zoom / 1.5)),
		button("larger", "+", () => setZoom(zoom * 1.5)),
		button("close", "×", () => dialog.close()),
	);
	const dialog = el("dialog", { class: "viewer" }, bar, box);

	/** A GIF may move; where the page's policy forbids the picture, it does not. */
	async function draw(blob: Blob): Promise<HTMLElement> {
		if (blob.type !== "image/gif") return paint(blob, EDGE_MAX);
		const moving = el("img", { alt: "" });
		const address = URL.createObjectURL(blob);
		dialog.addEventListener("close", () => URL.revokeObjectURL(address));
		moving.src = address;
		return moving.decode().then(
			() => moving,
			() => paint(blob, EDGE_MAX),
		);
	}

	function setZoom(to: number): void {
		if (zoom === 1) fitted = image.clientWidth;
		zoom = Math.min(Math.max(to, 1), ZOOM_MAX);
		dialog.classList.toggle("viewer-large", zoom > 1);
		image.style.width = zoom > 1 ? `${fitted * zoom}px` : "";
	}

	async function show(): Promise<void> {
		const picture = pictures[at];
		if (!picture) return;
		setZoom(1);
		dialog.setAttribute("aria-label", picture.name);
		name.textContent = [picture.name, picture.description].filter(Boolean).join(": ");
		box.replaceChildren();
		const blob = await picture.load();
		const next = blob && (await draw(blob).catch(() => null));
		if (pictures[at] !== picture) return;
		if (!next) {
			name.textContent = words("failed");
			return;
		}
		image = next;
		image.setAttribute("role", "img");
		image.setAttribute("aria-label", picture.description ?? picture.name);
		box.replaceChildren(image);
	}

	function turn(by: number): void {
		at = (at + by + pictures.length) % pictures.length;
		void show();
	}

	const forward = () => (getComputedStyle(dialog).direction === "rtl" ? -1 : 1);
	dialog.addEventListener("keydown", (event) => {
		// The page's keys do not concern it.
		event.stopPropagation();
		const { key } = event;
		if (/^Arrow(Left|Right)$/.test(key) && zoom === 1)
			turn(key === "ArrowRight" ? forward() : -forward());
		else if (key === "+" || key === "=") setZoom(zoom * 1.5);
		else if (key === "-") setZoom(zoom / 1.5);
		else if (key === "0") setZoom(1);
	});
	box.addEventListener("dblclick", () => setZoom(zoom > 1 ? 1 : 2.5));
	box.addEventListener("click", ({ target }) => target === box && dialog.close());
	// Comes before pointerdown, of which the widget's loader passes a copy without a place.
	box.addEventListener("pointerenter", (event) => {
		from = event.isPrimary && event.pointerType === "touch" && zoom === 1 ? event : null;
	});
	box.addEventListener("pointerup", (event) => {
		if (!from) return;
		const [x, y] = [event.clientX - from.clientX, event.clientY - from.clientY];
		from = null;
		if (Math.abs(x) > SWIPE_PX && Math.abs(x) > Math.abs(y)) turn(x < 0 ? forward() : -forward());
		else if (y > SWIPE_PX) dialog.close();
	});
	dialog.addEventListener("close", () => {
		detach(dialog);
		back?.focus({ preventScroll: true });
	});
	// Safari before 15.4, Firefox before 98.
	if (!dialog.showModal) {
		pictures[at]?.save();
		return;
	}
	parent.append(dialog);
	dialog.showModal();
	void show();
}
