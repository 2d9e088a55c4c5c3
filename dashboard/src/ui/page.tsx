// The frame of a page's content: heading, actions, and a column below.

import type { ComponentChildren } from "preact";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";

interface PageProps {
	readonly title: string;
	/** Below the title. */
	readonly lead?: ComponentChildren;
	/** To the right of the title. */
	readonly actions?: ComponentChildren;
	/** Above the title: a link to the list. */
	readonly back?: ComponentChildren;
	readonly children: ComponentChildren;
	readonly width?: "column" | "wide";
}

export function Page({ title, lead, actions, back, children, width = "column" }: PageProps) {
	useTitle(title);
	useArrival(focusHeading);
	return (
		<main class={`page page-${width}`} id="main" tabIndex={-1}>
			{back}
			<div class="page-head">
				<div class="page-titles">
					<h1 tabIndex={-1}>{title}</h1>
					{lead && <p class="page-lead">{lead}</p>}
				</div>
				{actions && <div class="page-actions">{actions}</div>}
			</div>
			{children}
		</main>
	);
}
