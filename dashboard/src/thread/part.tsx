// The pieces of the side panel.

import type { ComponentChildren } from "preact";

interface PartProps {
	readonly title: string;
	readonly action?: ComponentChildren;
	readonly children: ComponentChildren;
}

export function Part({ title, action, children }: PartProps) {
	return (
		<div class="part">
			<div class="part-head">
				<h3>{title}</h3>
				{action}
			</div>
			{children}
		</div>
	);
}

interface FactProps {
	readonly name: string;
	readonly children: ComponentChildren;
}

/** Inside of a `dl`. */
export function Fact({ name, children }: FactProps) {
	return (
		<div class="fact">
			<dt>{name}</dt>
			<dd dir="auto">{children}</dd>
		</div>
	);
}
