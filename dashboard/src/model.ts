// The things the pages show. Times are milliseconds since 1970.

export interface Conversation {
	readonly id: string;
	readonly sessionId: string;
	readonly createdAt: number;
	readonly updatedAt: number;
	/** Its first 500 characters; empty when there is none yet. */
	readonly lastMessage: string;
}

export interface ConversationPage {
	/** Newest activity first. */
	readonly conversations: readonly Conversation[];
	/** How many there are in all, shown here or not. */
	readonly total: number;
}

export interface Message {
	readonly id: string;
	readonly fromVisitor: boolean;
	readonly content: string;
	readonly createdAt: number;
	/** How a reply ended; empty when the server does not say. */
	readonly status: string;
}

export interface Thread {
	readonly conversation: Conversation;
	/** Oldest first. */
	readonly messages: readonly Message[];
}
