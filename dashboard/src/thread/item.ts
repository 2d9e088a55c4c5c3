// One message of a thread, as the page shows it: stored, or arriving piece by piece.

import type {
	LiveMessage,
	Message,
	MessageRating,
	MessageStatus,
	ReplyModel,
} from "../../../workerd/api/openapi/openapi";

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
	};
}

export function itemOfLive({ id, role, content, createdAt, status, author }: LiveMessage): Item {
	return {
		id,
		role,
		text: content,
		at: createdAt,
		status,
		author: author ? { id: author.id ?? "", name: author.name } : null,
		model: undefined,
		rating: undefined,
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
	};
}
