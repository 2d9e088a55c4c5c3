// One message of a thread, as the page shows it: stored, or arriving piece by piece.

import type {
	FoundSources,
	LiveMessage,
	Message,
	MessageFile,
	MessageRating,
	MessageReceipt,
	MessageStatus,
	ReplyModel,
} from "../../../workerd/api/openapi/openapi";
import type { Citations } from "../ui/citations";

export type Role = Message["role"];

export interface Item {
	readonly id: string;
	readonly role: Role;
	readonly text: string;
	readonly at: number;
	/** "running": a reply whose text is growing. */
	readonly status: MessageStatus | "running";
	/** The operator who wrote it; null: not an operator, or one without a name. */
	readonly author: { readonly id: string; readonly name: string | null } | null;
	/** How the model answered. undefined: not asked for yet; null: the server does not know. */
	readonly model: ReplyModel | null | undefined;
	readonly rating: MessageRating | null | undefined;
	/** How far it has come in the other chat; undefined: it is of no channel, or its adapter has not reported. */
	readonly receipt: MessageReceipt | undefined;
	/** What it is based on. undefined: the content was not looked up, or the reply is running. */
	readonly sources: FoundSources | undefined;
	/** undefined: none. */
	readonly files: readonly MessageFile[] | undefined;
}

/** Of an event: that of a reply, for an owner. */
export function sourcesOf({ sources }: Pick<LiveMessage, "sources">): FoundSources | undefined {
	return sources && "outcome" in sources ? sources : undefined;
}

export function itemOf(message: Message): Item {
	return {
		id: message._id,
		role: message.role,
		text: message.content,
		at: message.createdAt,
		status: message.status,
		author: message.author ?? null,
		model: message.model,
		rating: message.rating,
		receipt: message.receipt,
		sources: message.sources,
		files: message.files,
	};
}

export function itemOfLive(message: LiveMessage): Item {
	const { id, role, content, createdAt, status, author, files } = message;
	return {
		id,
		role,
		text: content,
		at: createdAt,
		status,
		author: author ? { id: author.id ?? "", name: author.name } : null,
		model: undefined,
		rating: undefined,
		receipt: undefined,
		sources: sourcesOf(message),
		files,
	};
}

export function runningItem(id: string, now: number): Item {
	return {
		id,
		role: "assistant",
		text: "",
		at: now,
		status: "running",
		author: null,
		model: undefined,
		rating: undefined,
		receipt: undefined,
		sources: undefined,
		files: undefined,
	};
}

/** The visitor's question is an open one then. */
export function hasNoAnswer(outcome: FoundSources["outcome"]): boolean {
	return outcome === "no_answer" || outcome === "general";
}

/** The numbers in the text of a reply. */
export function citationsOf({ sources }: Item): Citations | null {
	if (!sources || sources.marks.length === 0) return null;
	return {
		marks: sources.marks.map(({ n, position }) => ({ n, at: position })),
		sources: sources.passages.flatMap(({ n, title, url }) =>
			n === null ? [] : [{ n, title, url }],
		),
	};
}

/** A model that gets all of the content gets up to hundreds; this many matter. */
const MAIN_MAX = 6;

type Passages = FoundSources["passages"];

/** Those that the reply cites, in the order of their numbers, and the best ones of the others. */
export function mainPassages(passages: Passages): Passages {
	const cited = passages.filter(({ n }) => n !== null).sort((a, b) => Number(a.n) - Number(b.n));
	const others = passages.filter(({ n, score }) => n === null && score > 0);
	return [...cited, ...others.slice(0, Math.max(0, MAIN_MAX - cited.length))];
}
