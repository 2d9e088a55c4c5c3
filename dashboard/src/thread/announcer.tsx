// Tells screen readers what has arrived: each message once and as a whole, never token by token.

import { useRef, useState } from "preact/hooks";
import { spokenText } from "../ui/markdown";
import type { Item } from "./item";
import { t } from "./texts";

interface Spoken {
	readonly key: number;
	readonly text: string;
}

export interface Announcer {
	readonly spoken: Spoken;
	say(text: string): void;
	announce(item: Item, visitor: string): void;
}

/** A reply that broke off comes again when it continues. */
function textOf(item: Item, visitor: string): string {
	if (item.role === "user") return t("says", { name: visitor, text: item.text });
	const name = item.role === "operator" ? (item.author?.name ?? t("someone")) : t("assistant");
	return t("says", { name, text: spokenText(item.text) });
}

export function useAnnouncer(): Announcer {
	const [spoken, setSpoken] = useState<Spoken>({ key: 0, text: "" });
	const said = useRef(new Set<string>());
	const say = (text: string) => setSpoken(({ key }) => ({ key: key + 1, text }));
	return {
		spoken,
		say,
		announce(item, visitor) {
			if (said.current.has(item.id) || item.status === "interrupted") return;
			said.current.add(item.id);
			say(textOf(item, visitor));
		},
	};
}

export function LiveRegion({ spoken: { key, text } }: { readonly spoken: Spoken }) {
	return (
		<div class="unseen" aria-live="polite" data-announcer>
			{/* A new element each time, so that equal texts are read twice. */}
			{text !== "" && <p key={key}>{text}</p>}
		</div>
	);
}
