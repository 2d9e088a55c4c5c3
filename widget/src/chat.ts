// The conversation: one question at a time, its reply into the state as it comes.

import type { ChatEvent } from "./events";
import { ChatFailure } from "./failure";
import { addToken, ask, askAgain, fail, finish, isReplying, lastReply, type State } from "./state";
import type { Store } from "./store";

/** The longest message the API takes, in UTF-16 code units. */
export const MAX_MESSAGE = 4000;

export interface Chat {
	/** False when the message cannot go now: empty, too long, or a reply is running. */
	send(text: string): boolean;
	/** Asks the last question again, after its reply failed. */
	retry(): void;
}

export type Transport = (message: string) => AsyncIterable<ChatEvent>;

function afterEvent(state: State, event: ChatEvent): State {
	switch (event.type) {
		case "start":
			return state;
		case "token":
			return addToken(state, event.token);
		case "done":
			return finish(state, event.message);
		case "error":
			return fail(state, "broken");
	}
}

export function createChat(store: Store<State>, transport: Transport): Chat {
	async function receive(question: string): Promise<void> {
		try {
			for await (const event of transport(question)) {
				store.update((state) => afterEvent(state, event));
			}
		} catch (error) {
			const kind = error instanceof ChatFailure ? error.kind : "broken";
			store.update((state) => fail(state, kind));
		}
	}

	return {
		send(text) {
			const message = text.trim();
			if (message === "" || message.length > MAX_MESSAGE) return false;
			if (isReplying(store.get())) return false;
			store.update((state) => ask(state, message));
			void receive(message);
			return true;
		},
		retry() {
			const { messages } = store.get();
			const question = messages[messages.length - 2];
			if (question?.role !== "user" || lastReply(store.get()).phase !== "failed") return;
			store.update(askAgain);
			void receive(question.text);
		},
	};
}
