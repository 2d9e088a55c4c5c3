// The data that pages show. Times are milliseconds since 1970.

export interface Conversation {
	readonly id: string;
	readonly sessionId: string;
	readonly createdAt: number;
	readonly updatedAt: number;
	/** The first 500 characters of the last message; empty if there is none. */
	readonly lastMessage: string;
}

export interface ConversationPage {
	/** Newest activity first. */
	readonly conversations: readonly Conversation[];
	/** The total number, including those not shown. */
	readonly total: number;
	/** Selects the conversations after these; null: there are none. */
	readonly nextCursor: string | null;
}

export interface Message {
	readonly id: string;
	readonly fromVisitor: boolean;
	readonly content: string;
	readonly createdAt: number;
	/** The status of a reply; empty if unknown. */
	readonly status: string;
}

export interface Thread {
	readonly conversation: Conversation;
	/** Oldest first. */
	readonly messages: readonly Message[];
}
