// A box in which a wide table scrolls, also by keyboard.

import type { ComponentChildren } from "preact";

interface TableBoxProps {
	/** What the table shows. */
	readonly label: string;
	readonly children: ComponentChildren;
}

export function TableBox({ label, children }: TableBoxProps) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls takes the focus
		<section class="table-box" tabIndex={0} aria-label={label}>
			{children}
		</section>
	);
}
