// The files of the message that is being written, above its text field.

import { el, setChildren } from "../dom";
import { pictureIn } from "./picture";
import type { Upload, Uploads } from "./uploads";
import { reasonText, type Spoken, sizeText } from "./words";

export interface Tray {
	readonly node: HTMLElement;
	render(): void;
}

function createRow({ words, code }: Spoken, uploads: Uploads, { key, name, blob }: Upload) {
	const sign = el("span", { class: "file-sign", "aria-hidden": "true" });
	const state = el("span", { class: "file-state" });
	const bar = el("progress", { "aria-label": name });
	state.setAttribute("role", "status");
	const button = (look: string, label: string, run: () => void) => {
		const node = el("button", { class: look, type: "button", "aria-label": label, title: label });
		node.addEventListener("click", run);
		return node;
	};
	const again = button("file-again", words("again"), () => uploads.retry(key));
	const node = el(
		"li",
		{},
		sign,
		el("span", { class: "file-text" }, el("bdi", { class: "file-name" }, name), state, bar),
		again,
		button("file-remove", words("remove", { name }), () => uploads.remove(key)),
	);
	let address = "";
	let said = "";
	void pictureIn(blob).then((picture) => {
		if (!picture) return;
		address = URL.createObjectURL(picture);
		sign.append(el("img", { src: address, alt: "" }));
	});
	return {
		node,
		end: () => URL.revokeObjectURL(address),
		render({ blob, sent, phase, code: why, allowed }: Upload) {
			bar.hidden = phase === "done" || phase === "failed";
			bar.value = sent / (blob.size || 1);
			const isFinal = /type|large|empty|off/.test(why);
			again.hidden = isFinal || !/failed|waiting/.test(phase);
			node.className = phase;
			const size = sizeText(blob.size, code);
			const text = {
				done: words("ready", { size }),
				failed: reasonText(words, why, allowed),
				waiting: words("waiting"),
				sending: size,
			}[phase];
			if (text !== said) state.textContent = text;
			said = text;
		},
	};
}

export function createTray(spoken: Spoken, uploads: Uploads): Tray {
	const node = el("ul", { class: "tray" });
	const note = el("li", { role: "status" }, spoken.words("tooMany"));
	const rows = new Map<string, ReturnType<typeof createRow>>();
	return {
		node,
		render() {
			const list = uploads.get();
			for (const [key, row] of rows)
				if (!list.some((one) => one.key === key)) {
					row.end();
					rows.delete(key);
				}
			for (const upload of list) {
				const row = rows.get(upload.key) ?? createRow(spoken, uploads, upload);
				rows.set(upload.key, row);
				row.render(upload);
			}
			node.hidden = !list[0];
			const nodes = [...rows.values()].map((row) => row.node);
			setChildren(node, uploads.isOver() ? [...nodes, note] : nodes);
		},
	};
}

/** The files that a paste or a drop has. */
export const filesOf = (data: DataTransfer | null): File[] => [...(data?.files ?? [])];
