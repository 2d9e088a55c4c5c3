// A visitor's figure, or the initials of a person. Decorative: the name stands beside it.

import { identicon } from "./identicon";

type Size = "small" | "medium" | "large";

interface AvatarProps {
	/** The figure and its colour are made from it. */
	readonly name: string;
	/** A person's name: its initials take the place of the figure. */
	readonly person?: string | null;
	readonly size?: Size;
}

/** "JD" for "Jane Doe". */
export function initials(name: string): string {
	const parts = name.trim().split(/\s+/);
	const first = parts[0] ?? "";
	const last = parts.length > 1 ? (parts[parts.length - 1] ?? "") : "";
	return [first, last]
		.map((part) => [...part][0] ?? "")
		.join("")
		.toUpperCase();
}

export function Avatar({ name, person, size = "medium" }: AvatarProps) {
	const { tone, path } = identicon(person || name);
	const className = `avatar avatar-${size} tone-${tone}`;
	// By the style sheet, so that the initials are no part of a text around them, such as a button's.
	if (person) return <span class={className} data-initials={initials(person)} aria-hidden="true" />;
	return (
		<svg class={className} viewBox="-2 -2 9 9" aria-hidden="true">
			<path d={path} shape-rendering="crispEdges" />
		</svg>
	);
}
