// The files of the message that is being written, above its text field.

import { el, setChildren } from "../dom";
import { paint } from "./paint";
import { OWN_PIXELS_MAX, pictureIn } from "./picture";
import { prepare, THUMBNAIL_EDGE } from "./shrink";
import type { Upload, Uploads } from "./uploads";
import { reasonText, type Spoken, sizeText } from "./words";

export interface Tray {
	readonly node: HTMLElement;
	render(): void;
}

/** UTF-16 units that the server takes. */
const DESCRIPTION_MAX = "300";

/** Of a file that is with the server, `blob` is the smaller copy. null: it is no picture that may be decoded. */
async function thumbnailOf({ blob, ticket }: Upload): Promise<HTMLCanvasElement | null> {
	if (!ticket) return (await prepare(blob)).thumbnail;
	const picture = await pictureIn(blob, OWN_PIXELS_MAX);
	return picture && paint(picture, THUMBNAIL_EDGE);
}

function createRow(spoken: Spoken, uploads: Uploads, upload: Upload, remove: () => void) {
	const { words, code } = spoken;
	const { key, name, description: given = "" } = upload;
	let description = given;
	const sign = el("span", { class: "file-sign", "aria-hidden": "true" });
	const state = el("span", { class: "file-state", role: "status" });
	const bar = el("progress", { "aria-label": name });
	const button = (look: string, label: string, run: () => void) => {
		const node = el("button", { class: look, type: "button", "aria-label": label, title: label });
		node.addEventListener("click", run);
		return node;
	};
	/** For people who cannot see the picture. */
	const field = el("input", {
		class: "file-description",
		maxlength: DESCRIPTION_MAX,
		"aria-label": words("describe", { name }),
		placeholder: words("describe", { name }),
		hidden: "",
	});
	field.value = description;
	const describe = button("file-describe", words("describe", { name }), () => open(!!field.hidden));
	describe.hidden = true;
	function open(isOpen: boolean): void {
		field.hidden = !isOpen;
		describe.setAttribute("aria-expanded", `${isOpen}`);
		if (isOpen) field.focus();
	}
	open(false);
	const tell = () => {
		if (field.value.trim() !== description) uploads.describe(key, field.value.trim());
	};
	field.addEventListener("change", tell);
	field.addEventListener("keydown", (event) => {
		if (event.isComposing || !/^(Enter|Escape)$/.test(event.key)) return;
		// Neither the message nor the chat.
		event.stopPropagation();
		event.preventDefault();
		tell();
		open(false);
		describe.focus();
	});
	const again = button("file-again", words("again"), () => uploads.retry(key));
	const node = el(
		"li",
		{},
		sign,
		el(
			"span",
			{ class: "file-text" },
			el("bdi", { class: "file-name", title: name }, name),
			state,
			bar,
			field,
		),
		describe,
		again,
		button("file-remove", words("remove", { name }), remove),
	);
	let said = "";
	thumbnailOf(upload)
		.then((thumbnail) => {
			describe.hidden = !thumbnail;
			if (thumbnail) sign.append(thumbnail);
		})
		.catch(() => {});
	return {
		node,
		render({ blob, sent, phase, code: why, allowed, description: now = "" }: Upload) {
			description = now;
			bar.hidden = phase === "done" || phase === "failed";
			bar.value = sent / (blob.size || 1);
			const isFinal = /type|large|empty|off|blocked/.test(why);
			again.hidden = isFinal || !/failed|waiting/.test(phase);
			node.className = phase;
			const size = sizeText(blob.size, code);
			const text = {
				done: words("ready", { size }),
				failed: reasonText(spoken, why, allowed),
				waiting: words(why === "rate_limited" ? "later" : "waiting"),
				sending: size,
			}[phase];
			if (text !== said) state.textContent = text;
			said = text;
		},
	};
}

/** `home`: has the focus when a file that had it is removed. */
export function createTray(spoken: Spoken, uploads: Uploads, home?: () => void): Tray {
	const node = el("ul", { class: "tray" });
	const note = el(
		"li",
		{ role: "status" },
		spoken.words("tooMany", { count: `${uploads.limits.perMessage}` }),
	);
	const rows = new Map<string, ReturnType<typeof createRow>>();

	function remove(key: string): void {
		const keys = [...rows.keys()];
		const at = keys.indexOf(key);
		const next = rows.get(keys[at + 1] ?? keys[at - 1] ?? "");
		uploads.remove(key);
		const button = next?.node.querySelector<HTMLElement>(".file-remove");
		if (button) button.focus();
		else home?.();
	}

	return {
		node,
		render() {
			const list = uploads.get();
			for (const key of rows.keys()) if (!list.some((one) => one.key === key)) rows.delete(key);
			for (const upload of list) {
				const { key } = upload;
				const row = rows.get(key) ?? createRow(spoken, uploads, upload, () => remove(key));
				rows.set(key, row);
				row.render(upload);
			}
			node.hidden = !list[0];
			const nodes = [...rows.values()].map((row) => row.node);
			const isNew = nodes.length > node.childElementCount;
			setChildren(node, uploads.isOver() ? [...nodes, note] : nodes);
			if (isNew || uploads.isOver()) node.scrollTop = node.scrollHeight;
		},
	};
}
