// The parts of the app that most visitors do not need at first: each is a file of its own, loaded when it is needed.
// A page may run an older app with a newer part, after the server was updated: what a part exports may be extended,
// but not changed.

import type { Shell } from "../shell";
import { addStyles } from "../stylesheet";
import { backoff, createNetwork, type Network } from "./net/backoff";
import { importPart } from "./part-files";

export interface Parts {
	/** The list of messages, with Markdown. */
	readonly log: typeof import("./parts/log");
	/** The contact form. */
	readonly contact: typeof import("./parts/contact");
	/** Frames without a WebSocket, and the widget's settings if the loader could not fetch them. */
	readonly network: typeof import("./parts/network");
	/** The button for files. */
	readonly attach: typeof import("./parts/attach");
	/** Files that are sent and shown. */
	readonly files: typeof import("./parts/files");
	/** What a site may switch on: the button's picture, notices, the teaser, starter questions. */
	readonly extras: typeof import("./parts/extras");
	/** What a message offers beside its text: buttons, cards, a form. */
	readonly offer: typeof import("./parts/offer");
}

/** A browser may remember a failed import by its URL, hence another one after each failure. */
const failures: Partial<Record<keyof Parts, number>> = {};

/** One attempt. */
export async function loadPart<K extends keyof Parts>(name: K): Promise<Parts[K]> {
	try {
		return await importPart(name, failures[name] ?? 0);
	} catch (error) {
		failures[name] = (failures[name] ?? 0) + 1;
		throw error;
	}
}

/** The names of the parts whose styles a shadow tree has. */
const styled = new WeakMap<ShadowRoot, string>();

function addStylesOf(root: ShadowRoot, name: string, css: string): void {
	const names = styled.get(root) ?? "";
	if (names.includes(name)) return;
	styled.set(root, `${names} ${name}`);
	addStyles(root, css);
}

/** Whom a part is for: until `signal` is aborted. */
export interface PartOwner {
	readonly shell: Pick<Shell, "root">;
	readonly signal: AbortSignal;
}

/** Calls `use` with the part once it is there; tries again until then. */
export async function usePart<K extends keyof Parts>(
	name: K,
	{ shell, signal }: PartOwner,
	use: (part: Parts[K]) => void,
): Promise<void> {
	let network: Network | null = null;
	for (let tried = 0; !signal.aborted; tried++) {
		const part = await loadPart(name).catch(() => null);
		if (part && !signal.aborted) {
			if ("css" in part) addStylesOf(shell.root, name, part.css);
			use(part);
			return;
		}
		network ??= createNetwork(signal);
		await network.pause(0, backoff(tried));
	}
}
