// A short label with a tone.

import type { ComponentChildren } from "preact";

export type Tone = "calm" | "accent" | "good" | "warn" | "bad";

interface BadgeProps {
	readonly tone?: Tone;
	readonly children: ComponentChildren;
}

export function Badge({ tone = "calm", children }: BadgeProps) {
	return <span class={`badge badge-${tone}`}>{children}</span>;
}
