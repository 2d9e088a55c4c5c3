// What a page shows where there is nothing: an empty list, a missing record.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";

interface BlankProps {
	readonly title: string;
	readonly icon?: IconName;
	readonly children?: ComponentChildren;
}

export function Blank({ title, icon, children }: BlankProps) {
	return (
		<div class="blank">
			{icon && (
				<span class="blank-icon">
					<Icon name={icon} />
				</span>
			)}
			<p class="blank-title">{title}</p>
			{children}
		</div>
	);
}
