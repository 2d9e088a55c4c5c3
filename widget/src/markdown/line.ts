// A cursor in the beginning of a line, and the marks that begin a block.

/** A longer beginning of a line is not looked at: marks that need the whole line are shorter. */
export const LINE_MAX = 1000;

export class Line {
	private at = 0;

	/** `isWhole`: the line ends after this text. */
	constructor(
		private text: string,
		readonly isWhole: boolean,
	) {}

	/** The rest, including white space at its beginning. */
	get rest(): string {
		return this.text.slice(this.at);
	}

	/** The rest without white space at its beginning. */
	get content(): string {
		return this.rest.trimStart();
	}

	/** The columns of white space here; tabs end at multiples of four. */
	get indent(): number {
		let column = this.at;
		for (let i = this.at; ; i++) {
			if (this.text.charAt(i) === " ") column++;
			else if (this.text.charAt(i) === "\t") column += 4 - (column % 4);
			else return column - this.at;
		}
	}

	/** Skips this many columns. A tab that ends after them becomes spaces. */
	skip(columns: number): void {
		for (const end = this.at + columns; this.at < end; this.at++) {
			if (this.text.charAt(this.at) !== "\t") continue;
			const spaces = " ".repeat(4 - (this.at % 4));
			this.text = this.text.slice(0, this.at) + spaces + this.text.slice(this.at + 1);
		}
	}

	skipIndent(): void {
		this.skip(this.indent);
	}
}

/** The beginning of a line that may be one of several marks, or text. */
const UNDECIDED =
	/^(?:[-+*_=|: \t]*|#{1,6}[ \t]*|\d{1,9}(?:[.)][ \t]*)?|`{1,2}|~{1,2}|`{3,}[^`]*|~{3,}.*)$/;

export function isUndecided(content: string): boolean {
	return UNDECIDED.test(content);
}

export function isRule(content: string): boolean {
	return /^([-*_])[ \t]*(?:\1[ \t]*){2,}$/.test(content);
}

/** 1 to 6; 0: no heading. */
export function headingLevel(content: string): number {
	return /^(#{1,6})(?:[ \t]|$)/.exec(content)?.[1]?.length ?? 0;
}

/** The heading that this underline makes of the paragraph before it; 0: none. */
export function underlineLevel(content: string): number {
	if (/^=+[ \t]*$/.test(content)) return 1;
	return /^-+[ \t]*$/.test(content) ? 2 : 0;
}

export interface Fence {
	readonly mark: string;
	/** The text after the opening fence. */
	readonly info: string;
}

export function readFence(content: string): Fence | null {
	const [, mark, info = ""] = /^(`{3,}|~{3,})(.*)$/.exec(content) ?? [];
	return !mark || (mark.startsWith("`") && info.includes("`")) ? null : { mark, info };
}

export interface Marker {
	readonly width: number;
	/** The character that the markers of a list have in common. */
	readonly kind: string;
	/** null: not ordered. */
	readonly start: number | null;
}

export function readMarker(content: string): Marker | null {
	const [mark, number] = /^(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)/.exec(content) ?? [];
	if (!mark) return null;
	return { width: mark.length, kind: mark.slice(-1), start: number ? Number(number) : null };
}
