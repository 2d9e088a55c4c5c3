// The files of a message: pictures with a room of their own, so that nothing jumps when they come; others with name and size.

import { el } from "../dom";
import { paint } from "./paint";
import { pictureIn } from "./picture";
import { type Attached, own } from "./uploads";
import { openViewer, type Picture } from "./viewer";
import { type Spoken, sizeText } from "./words";

export interface ShownParts extends Spoken {
	/** The URL prefix of the server's paths. */
	readonly server: string;
	/** Gets the viewer. */
	readonly stage: HTMLElement;
	/** Reads the message again, for new addresses. */
	renew?(): void;
}

const PICTURE = /^image\/(jpeg|png|webp|gif)$/;
const THUMBNAIL_EDGE = 512;

/** Calls `load` when the node is nearly visible. */
function whenSeen(node: Element, load: () => unknown): void {
	const watch = new IntersectionObserver(
		([entry]) => {
			if (!entry?.isIntersecting) return;
			watch.disconnect();
			load();
		},
		{ rootMargin: "300px" },
	);
	watch.observe(node);
}

function save(href: string, name: string): void {
	el("a", { href, download: name }).click();
}

/** `files`: their addresses may be renewed in place. */
export function showFiles(files: readonly Attached[], parts: ShownParts): HTMLElement {
	const { words, code, server, stage, renew } = parts;

	/** Why a file cannot be shown or saved. */
	function whyNot(status: number): string {
		if (status !== 403 && status !== 410) return words(status === 404 ? "gone" : "failed");
		renew?.();
		return words("expired");
	}

	/** null: no answer, or there is no address. */
	const ask = ({ url }: Attached, method: string) =>
		url ? fetch(server + url, { method }).catch(() => null) : null;

	/** Returns why it cannot be saved, or "". */
	async function fetchAndSave(file: Attached): Promise<string> {
		const { id, name } = file;
		const blob = own.get(id)?.blob;
		if (blob) {
			const address = URL.createObjectURL(blob);
			save(address, name);
			setTimeout(() => URL.revokeObjectURL(address), 60_000);
			return "";
		}
		const { status = 0 } = (await ask(file, "HEAD")) ?? {};
		if (status !== 200) return whyNot(status);
		save(server + file.url, name);
		return "";
	}

	/** `problem`: why it is not shown as a picture. */
	function row(file: Attached, problem = ""): HTMLElement {
		const { name, bytes } = file;
		const size = sizeText(bytes, code);
		const state = el("span", { class: "file-state", role: "status" }, problem || size);
		const node = el(
			"button",
			{ class: "file-row", type: "button", title: words("save", { name }) },
			el("span", { class: "file-sign", "aria-hidden": "true" }),
			el("span", { class: "file-text" }, el("bdi", { class: "file-name" }, name), state),
		);
		node.addEventListener("click", async () => {
			state.textContent = (await fetchAndSave(file)) || size;
		});
		return node;
	}

	const pictures: Picture[] = [];
	/** Pictures come first, as many in a line as there is room for. */
	const rank = ({ type }: Attached) => Number(!PICTURE.test(type));
	const items = [...files]
		.sort((a, b) => rank(a) - rank(b))
		.map((file) => {
			const item = el("li");
			const { id, name } = file;
			if (!PICTURE.test(file.type)) {
				item.append(row(file));
				return item;
			}
			const node = el("button", {
				class: "file-picture",
				type: "button",
				"aria-label": [words("show", { name }), file.description].filter(Boolean).join(": "),
			});
			let loaded: Promise<Blob | null> | null = null;

			/** null: a row says why, and it can still be saved. */
			async function read(): Promise<Blob | null> {
				let blob = own.get(id)?.blob;
				if (!blob) {
					const answer = await ask(file, "GET");
					if (!answer?.ok) {
						item.replaceChildren(row(file, whyNot(answer?.status ?? 0)));
						if (!answer) addEventListener("online", show, { once: true });
						return null;
					}
					blob = await answer.blob();
				}
				const picture = await pictureIn(blob);
				if (!picture) item.replaceChildren(row(file));
				return picture;
			}

			const load = () => {
				loaded ??= read();
				return loaded;
			};
			const save = () => void fetchAndSave(file);
			const n = pictures.push({ name, description: file.description, load, save }) - 1;

			function show(): void {
				loaded = null;
				item.replaceChildren(node);
				whenSeen(item, async () => {
					const blob = await load();
					try {
						if (blob) node.replaceChildren(await paint(blob, THUMBNAIL_EDGE));
					} catch {
						item.replaceChildren(row(file));
					}
				});
			}

			node.addEventListener("click", () => openViewer(stage, words, pictures, n));
			show();
			return item;
		});
	return el("ul", { class: "files" }, ...items);
}
