// A list that keeps its scroll position when rows move to the top. (Browsers' scroll anchoring
// fails when the anchored row itself moves, and older Safari versions have none.)

import { Component, type ComponentChildren, createRef } from "preact";

interface SteadyListProps {
	readonly class: string;
	/** `li` elements with keys. */
	readonly children: ComponentChildren;
}

interface Snapshot {
	readonly focused: Element | null;
	/** The visible rows with their distance from the top of the window. */
	readonly seen: ReadonlyArray<readonly [row: Element, top: number]>;
}

export class SteadyList extends Component<SteadyListProps> {
	private readonly list = createRef<HTMLUListElement>();

	override getSnapshotBeforeUpdate(): Snapshot {
		const rows = Array.from(this.list.current?.children ?? []);
		const focused = document.activeElement;
		const seen: Array<readonly [Element, number]> = [];
		// At the top, show new rows.
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
		// Moving an element loses its focus in browsers without moveBefore().
		if (focused instanceof HTMLElement && focused.isConnected)
			focused.focus({ preventScroll: true });

		// Few rows jump: undo the shift of the majority.
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
