// The files of a message: pictures with a room of their own, so that nothing jumps when they come; others with name and size.

import { el } from "../dom";
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

/** Returns the list, and the function that ends it. */
export function showFiles(
	files: readonly Attached[],
	parts: ShownParts,
): { readonly node: HTMLElement; end(): void } {
	const { words, code, server, stage, renew } = parts;
	const addresses: string[] = [];

	/** Why a file cannot be shown or saved; "": the connection. */
	function whyNot(status: number): string {
		if (status !== 403 && status !== 410) return words(status === 404 ? "gone" : "failed");
		renew?.();
		return words("expired");
	}

	function row({ name, bytes, url }: Attached): HTMLElement {
		const state = el("span", { class: "file-state" }, sizeText(bytes, code));
		state.setAttribute("role", "status");
		const node = el(
			"button",
			{ class: "file-row", type: "button", title: words("save", { name }) },
			el("span", { class: "file-sign", "aria-hidden": "true" }),
			el("span", { class: "file-text" }, el("bdi", { class: "file-name" }, name), state),
		);
		node.addEventListener("click", async () => {
			const at = server + url;
			const { status } = await fetch(at, { method: "HEAD" }).catch(() => ({ status: 0 }));
			const isThere = status === 200 && url;
			state.textContent = isThere ? sizeText(bytes, code) : whyNot(status);
			if (isThere) el("a", { href: at, download: name }).click();
		});
		return node;
	}

	const pictures: Picture[] = [];
	const items = files.map((file) => {
		const item = el("li");
		const isPicture = PICTURE.test(file.type) || PICTURE.test(`${own.get(file.id)?.blob.type}`);
		if (!isPicture) {
			item.append(row(file));
			return item;
		}
		const image = el("img", { alt: "" });
		const node = el(
			"button",
			{ class: "file-picture", type: "button", "aria-label": words("show", { name: file.name }) },
			image,
		);
		let loaded: Promise<string | null> | null = null;

		async function read(): Promise<string | null> {
			let blob = own.get(file.id)?.blob;
			if (!blob) {
				const answer = await fetch(server + file.url).catch(() => null);
				if (!answer?.ok) return give(whyNot(answer?.status ?? 0));
				blob = await answer.blob();
			}
			const picture = await pictureIn(blob);
			// It can still be saved.
			if (!picture) return give("");
			const address = URL.createObjectURL(picture);
			addresses.push(address);
			return address;
		}

		function give(state: string): null {
			const saved = row(file);
			item.replaceChildren(saved);
			const line = saved.querySelector(".file-state");
			if (state && line) line.textContent = state;
			return null;
		}

		const load = () => {
			loaded ??= read();
			return loaded;
		};
		const n = pictures.push({ name: file.name, load }) - 1;
		whenSeen(item, async () => {
			const address = await load();
			if (address) image.src = address;
		});
		// The page's policy may forbid it.
		image.addEventListener("error", () => give(""));
		node.addEventListener("click", () => openViewer(stage, words, pictures, n));
		item.append(node);
		return item;
	});
	return {
		node: el("ul", { class: "files" }, ...items),
		end: () => {
			for (const address of addresses.splice(0)) URL.revokeObjectURL(address);
		},
	};
}
