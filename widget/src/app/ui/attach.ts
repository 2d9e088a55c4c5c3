// The buttons beside the text field that add files to a message, and what is pasted or dropped. What sends the files is a
// part of its own, loaded for the first one.

import { el } from "../../dom";
import { loadTexts } from "./file-texts";
import { icon } from "./icons";
import type { ListParts } from "./message-list";

const CLIP = "m20 11-8 8a5 5 0 0 1-7-7l8-8a3 3 0 0 1 5 5l-8 8a1 1 0 0 1-2-2l7-7";
const CAMERA = "M3 8h4l2-3h6l2 3h4v11H3Zm9 2a3 3 0 1 0 .1 0Z";

/** How long a page says nothing of what is dragged over it. */
const DRAG_MS = 600;

/** What a dialog offers, by the setting. An iPhone's photo becomes a JPEG where that is accepted. */
const TYPES: Readonly<Record<string, string>> = {
	jpeg: "image/jpeg",
	png: "image/png",
	webp: "image/webp",
	gif: "image/gif",
	pdf: ".pdf",
	text: "text/plain",
	docx: ".docx",
	xlsx: ".xlsx",
};

function acceptedBy({ files }: Readonly<Record<string, unknown>>): string {
	const { kinds } = Object(files);
	const all = Object.keys(TYPES);
	const wanted: readonly string[] = Array.isArray(kinds) && kinds[0] ? kinds : all;
	return wanted.map((kind) => TYPES[kind]).join();
}

/** Whether a reload has left some. */
function areKept(key: string): boolean {
	try {
		return sessionStorage.getItem(key) !== null;
	} catch {
		return false;
	}
}

export function addAttaching(parts: ListParts): void {
	const { shell, tray, signal, usePart } = parts;
	const { frame } = shell;
	const name = `banter.files${shell.space}`;
	const accept = acceptedBy(shell.record);
	const add = (files: readonly File[]) =>
		void usePart?.("files", parts, ({ addFiles }) => addFiles(parts, name, files));

	function createButton(look: string, path: string, attributes: Readonly<Record<string, string>>) {
		const input = el("input", { type: "file", hidden: "", ...attributes });
		const button = el("button", { class: `send attach ${look}` }, icon(path), input);
		input.addEventListener("change", () => {
			add([...(input.files ?? [])]);
			// The same file may be chosen again.
			input.value = "";
		});
		// Its own click comes back here.
		button.addEventListener("click", ({ target }) => target !== input && input.click());
		return button;
	}

	const buttons = [
		createButton("", CLIP, { accept, multiple: "" }),
		// A phone's dialog for several kinds of files may not offer the camera.
		...(/jpeg/.test(accept) && matchMedia("(pointer: coarse)").matches
			? [createButton("camera", CAMERA, { accept: "image/jpeg", capture: "environment" })]
			: []),
	];

	let timer: ReturnType<typeof setTimeout> | undefined;
	function drag(isOver: boolean): void {
		clearTimeout(timer);
		frame.classList.toggle("dropping", isOver);
		if (isOver) timer = setTimeout(drag, DRAG_MS, false);
	}

	function take(event: Event, data: DataTransfer | null): void {
		// A spreadsheet gives a picture besides its text.
		const isText = event.type === "paste" && data?.types.includes("text/plain");
		if (!data?.types.includes("Files") || isText) return;
		const isOver = event.type === "dragover";
		event.preventDefault();
		drag(isOver);
		if (!isOver) add([...data.files]);
	}
	frame.addEventListener("paste", (event) => take(event, event.clipboardData), { signal });
	for (const type of ["dragover", "drop"] as const)
		frame.addEventListener(type, (event) => take(event, event.dataTransfer), { signal });

	void loadTexts(parts).then((texts) => {
		buttons.forEach((button, i) => {
			const label = `${texts[i]}`;
			button.setAttribute("aria-label", label);
			button.title = label;
		});
		tray?.box?.prepend(...buttons);
	});
	if (areKept(name)) add([]);
}
