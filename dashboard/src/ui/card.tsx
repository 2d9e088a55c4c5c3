// A part of a page with a heading.

import type { ComponentChildren } from "preact";

interface CardProps {
	readonly title?: string;
	readonly hint?: ComponentChildren;
	readonly actions?: ComponentChildren;
	readonly children: ComponentChildren;
}

export function Card({ title, hint, actions, children }: CardProps) {
	return (
		<section class="card">
			{(title || actions) && (
				<div class="card-head">
					<div>
						{title && <h2>{title}</h2>}
						{hint && <p class="field-hint">{hint}</p>}
					</div>
					{actions}
				</div>
			)}
			{children}
		</section>
	);
}
