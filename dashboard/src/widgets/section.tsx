// A part of the form that can be folded. One with an error opens itself.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Badge } from "../ui/badge";
import { t } from "./texts";

interface SectionProps {
	readonly title: string;
	/** What is in it, while it is closed. */
	readonly hint: string;
	/** How many of its fields are wrong. */
	readonly wrong: number;
	readonly isOpen?: boolean;
	readonly children: ComponentChildren;
}

export function Section({ title, hint, wrong, isOpen = false, children }: SectionProps) {
	const details = useRef<HTMLDetailsElement>(null);
	useEffect(() => {
		if (details.current && (isOpen || wrong > 0)) details.current.open = true;
	}, [wrong > 0]);
	return (
		<details class="section" ref={details}>
			<summary>
				<h2>{title}</h2>
				<span class="section-hint">{hint}</span>
				{wrong > 0 && <Badge tone="bad">{t("wrongFields", { count: wrong })}</Badge>}
			</summary>
			<div class="section-body">{children}</div>
		</details>
	);
}
