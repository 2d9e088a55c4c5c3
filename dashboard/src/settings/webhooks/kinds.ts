// The kinds of events that a webhook may receive, in words.

import type { Webhook } from "../../../../workerd/api/openapi/openapi";
import { t } from "../texts";

export type Kind = Webhook["kinds"][number];

/** As the form lists them. A kind that it does not list stays as it is. */
export const KINDS: readonly Kind[] = [
	"conversation",
	"message",
	"reply",
	"rating",
	"receipt",
	"note",
	"mention",
	"contact",
	"widget",
	"agent",
	"tool",
	"step",
	"tag",
	"snippet",
	"user",
	"team",
	"invitation",
	"webhook",
	"budget",
	"prices",
	"hours",
	"block",
	"source",
	"answer",
	"gap",
];

export const kindName = (kind: Kind): string => t(`kind_${kind}`);

type ChangeName = Extract<Parameters<typeof t>[0], `change_${string}`>;

/** What happened to a record. A change that these texts do not know keeps the server's word. */
export function changeName(change: string): string {
	const key = `change_${change}`;
	const text = t(key as ChangeName);
	return text === key ? change : text;
}
