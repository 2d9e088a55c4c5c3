// A list of what happened, with its time.

import { el } from "../src/dom";

const LINES_MAX = 500;

export class Log {
	constructor(
		private readonly list: HTMLOListElement,
		private readonly since = performance.now(),
	) {}

	/** kind: a class of the line. */
	add(text: string, kind = "", since = this.since): void {
		const ms = Math.round(performance.now() - since);
		this.list.append(el("li", { class: kind }, el("time", {}, `${ms} ms`), el("code", {}, text)));
		if (this.list.childElementCount > LINES_MAX) this.list.firstElementChild?.remove();
		this.list.scrollTop = this.list.scrollHeight;
	}

	clear(): void {
		this.list.replaceChildren();
	}
}
