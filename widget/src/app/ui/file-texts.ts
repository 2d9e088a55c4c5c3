// The texts about files, in a file for each language: lang/files-<code>-<hash>.js.

import type { PartOwner } from "../parts";
import type { LogParts } from "./log";

/** Set by build.mjs: the hash of all of them. */
declare const FILE_TEXTS_HASH: string;

/** Before they are asked for again. */
const AGAIN_MS = 3000;

/** In the order of the keys; the first one is the button's label. */
export async function loadTexts({
	shell,
	signal,
}: PartOwner & Pick<LogParts, "shell">): Promise<readonly string[]> {
	const file = `./lang/files-${shell.language.code}-${FILE_TEXTS_HASH}.js`;
	// A browser may remember a failed import by its URL.
	for (let tried = 0; !signal.aborted; tried++) {
		const texts = await import(tried ? `${file}?${tried}` : file).catch(() => null);
		if (texts) return texts.default;
		await new Promise((done) => setTimeout(done, AGAIN_MS));
	}
	return [];
}
