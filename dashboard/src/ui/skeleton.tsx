// Placeholders for loading data. They fade in after a delay, so that fast responses do not flash
// them.

import { t } from "../text/common";

interface SkeletonProps {
	/** For screen readers. */
	readonly label?: string;
	readonly rows: number;
	readonly kind?: "list" | "thread" | "form";
}

export function Skeleton({ label = t("loading"), rows, kind = "list" }: SkeletonProps) {
	return (
		<div class={`skeleton skeleton-${kind}`}>
			<p class="unseen" role="status">
				{label}
			</p>
			{Array.from({ length: rows }, (_, row) => (
				<div class="skeleton-row" key={row} />
			))}
		</div>
	);
}
