// A list that changes under the reader's eyes without moving. Rows that jump to
// the top would push the others down; whoever has scrolled keeps seeing the same
// rows at the same height. (Browsers' own scroll anchoring gives up when the row
// it holds on to is the one that moves, and Safari long had none.)

import { Component, type ComponentChildren, createRef } from "preact";

interface SteadyListProps {
	readonly class: string;
	/** `li` elements with keys. */
	readonly children: ComponentChildren;
}

interface Snapshot {
	readonly focused: Element | null;
	/** The rows in view, and how far each stood from the window's top. */
	readonly seen: ReadonlyArray<readonly [row: Element, top: number]>;
}

export class SteadyList extends Component<SteadyListProps> {
	private readonly list = createRef<HTMLUListElement>();

	override getSnapshotBeforeUpdate(): Snapshot {
		const rows = Array.from(this.list.current?.children ?? []);
		const focused = document.activeElement;
		const seen: Array<readonly [Element, number]> = [];
		// At the very top the newest rows are what the reader came for.
		if (window.scrollY > 0) {
			for (const row of rows) {
				const box = row.getBoundingClientRect();
				if (box.bottom > 0 && box.top < window.innerHeight) seen.push([row, box.top]);
			}
		}
		return { focused: this.list.current?.contains(focused) ? focused : null, seen };
	}

	override componentDidUpdate(_props: unknown, _state: unknown, before: Snapshot): void {
		const { focused, seen } = before;
		// Moving an element takes its focus away where moveBefore() is unknown.
		if (focused instanceof HTMLElement && focused.isConnected)
			focused.focus({ preventScroll: true });

		// The rows that jumped are few; what most rows moved by is the shift to undo.
		const shifts = seen
			.filter(([row]) => row.isConnected)
			.map(([row, top]) => row.getBoundingClientRect().top - top)
			.sort((a, b) => a - b);
		const shift = shifts[shifts.length >> 1] ?? 0;
		if (Math.abs(shift) >= 1) window.scrollBy({ top: shift, behavior: "instant" });
	}

	override render() {
		return (
			<ul class={this.props.class} ref={this.list}>
				{this.props.children}
			</ul>
		);
	}
}
