// Placeholders for loading data. They fade in after a delay, so that fast responses do not flash
// them.

interface SkeletonProps {
	readonly label: string;
	readonly rows: number;
	readonly kind: "list" | "thread";
}

export function Skeleton({ label, rows, kind }: SkeletonProps) {
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
