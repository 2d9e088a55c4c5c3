// In place of src/app/part-files.ts: tests have all parts in one file.

import type { Parts } from "../src/app/parts";

const files = {
	log: () => import("../src/app/parts/log"),
	contact: () => import("../src/app/parts/contact"),
	attach: () => import("../src/app/parts/attach"),
	files: () => import("../src/app/parts/files"),
	network: () => import("../src/app/parts/network"),
	extras: () => import("../src/app/parts/extras"),
	offer: () => import("../src/app/parts/offer"),
};

export function importPart<K extends keyof Parts>(name: K): Promise<Parts[K]> {
	return files[name]() as Promise<Parts[K]>;
}
