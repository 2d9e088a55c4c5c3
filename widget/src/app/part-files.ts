// The files of the parts: chat-part-<name>-<hash>.js, beside the app's own file.

import type { Parts } from "./parts";

/** Set by build.mjs: the hash of all parts. */
declare const PARTS_HASH: string;

/** A module inherits the nonce of the script that imports it, and names the server itself: see loader/load.ts. */
export function importPart<K extends keyof Parts>(name: K, attempt: number): Promise<Parts[K]> {
	const file = `./chat-part-${name}-${PARTS_HASH}.js`;
	return import(attempt ? `${file}?${attempt}` : file);
}
