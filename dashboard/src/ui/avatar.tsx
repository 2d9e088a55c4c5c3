// A visitor's figure, or the initials or the picture of a person. Decorative: the name stands beside it.

import { useState } from "preact/hooks";
import { identicon } from "./identicon";

type Size = "small" | "medium" | "large";

interface AvatarProps {
	/** The figure and its colour are made from it. */
	readonly name: string;
	/** A person's name: its initials take the place of the figure. */
	readonly person?: string | null;
	/** The address of this person's picture. */
	readonly picture?: string | null;
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

/** The initials stay if it cannot be loaded. */
function Picture({ address }: { readonly address: string }) {
	const [isBroken, setBroken] = useState(false);
	if (isBroken) return null;
	return <img src={address} alt="" onError={() => setBroken(true)} />;
}

export function Avatar({ name, person, picture, size = "medium" }: AvatarProps) {
	const { tone, path } = identicon(person || name);
	const className = `avatar avatar-${size} tone-${tone}`;
	// By the style sheet, so that the initials are no part of a text around them, such as a button's.
	if (person)
		return (
			<span class={className} data-initials={initials(person)} aria-hidden="true">
				{picture && <Picture key={picture} address={picture} />}
			</span>
		);
	return (
		<svg class={className} viewBox="-2 -2 9 9" aria-hidden="true">
			<path d={path} shape-rendering="crispEdges" />
		</svg>
	);
}
