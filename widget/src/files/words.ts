// The texts about files. The widget and the dashboard have them in their languages, with the same keys.

export type FileWord =
	| "remove"
	| "again"
	| "describe"
	| "waiting"
	| "later"
	| "ready"
	| "wrongKind"
	| "tooLarge"
	| "tooMany"
	| "empty"
	| "limit"
	| "full"
	| "off"
	| "blocked"
	| "failed"
	| "gone"
	| "expired"
	| "show"
	| "save"
	| "close"
	| "larger"
	| "smaller"
	| "next"
	| "previous";

export type FileWords = (key: FileWord, values?: Readonly<Record<string, string>>) => string;

export interface Spoken {
	readonly words: FileWords;
	/** The language of numbers. */
	readonly code: string;
}

/** "1.4 MB" */
export function sizeText(bytes: number, code: string): string {
	const isLarge = bytes >= 999_500;
	return Math.max(bytes / (isLarge ? 1e6 : 1e3), 1).toLocaleString(code, {
		style: "unit",
		unit: isLarge ? "megabyte" : "kilobyte",
		maximumFractionDigits: isLarge ? 1 : 0,
	});
}

/** By the server's code. */
const REASONS: Readonly<Record<string, FileWord>> = {
	unsupported_type: "wrongKind",
	file_too_large: "tooLarge",
	too_many_files: "limit",
	files_full: "full",
	files_off: "off",
	blocked: "blocked",
	empty: "empty",
};

/** `allowed`: what the server says about what it takes. */
export function reasonText(
	{ words, code: language }: Spoken,
	code: string,
	allowed: readonly (string | number)[],
): string {
	const kinds = allowed.map((kind) => `${kind}`.toUpperCase()).join(", ");
	return words(REASONS[code] ?? "failed", { kinds, size: sizeText(Number(allowed[0]), language) });
}
