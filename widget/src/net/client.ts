// What the widget says to the chat API. API.md calls "new" what a server like the one that this
// widget replaces does not have: the ids of messages, and all that follows from them.

import type { ChatRequest, StopRequest } from "../../../workerd/api/openapi/openapi";
import { type History, parseHistory } from "../chat/history";
import { routesFrom } from "./endpoints";
import type { ChatEvent } from "./events";
import { ChatFailure, failureFrom } from "./failure";
import { requestEvents, requestText } from "./http";

export interface Endpoint {
	readonly apiUrl: string;
	readonly apiKey: string;
}

export type Events = AsyncGenerator<ChatEvent, void, void>;

export interface Client {
	/** Whether this server knows messages by their ids; null before it has shown. */
	knowsIds(): boolean | null;
	/** The same id again is the same message: it is answered once, and heard from the beginning. */
	ask(message: string, clientMessageId: string, signal: AbortSignal): Events;
	/** Listens to a reply from `after` on, in UTF-16 code units. */
	resume(messageId: string, after: number, signal: AbortSignal): Events;
	/** null: the server keeps none for us. */
	history(signal?: AbortSignal): Promise<History | null>;
	stop(messageId: string): Promise<void>;
}

/** What is no such path to a server, or no such thing. */
function isAbsent(error: unknown): boolean {
	return failureFrom(error).kind === "refused";
}

export function createClient({ apiUrl, apiKey }: Endpoint, sessionId: () => string): Client {
	const routes = routesFrom(apiUrl);
	let knows: boolean | null = routes ? null : false;

	async function fetchHistory(signal?: AbortSignal): Promise<History | null> {
		if (!routes || knows === false) return null;
		try {
			return parseHistory(await requestText({ url: routes.history(sessionId()), apiKey }, signal));
		} catch (error) {
			if (isAbsent(error)) return null;
			throw error;
		}
	}

	return {
		knowsIds: () => knows,
		async *ask(message, clientMessageId, signal) {
			const body: ChatRequest = { sessionId: sessionId(), message, clientMessageId };
			for await (const event of requestEvents({ url: apiUrl, apiKey, body }, signal)) {
				if (event.type === "start") knows = routes !== null && event.messageId !== null;
				yield event;
			}
		},
		async *resume(messageId, after, signal) {
			if (!routes) throw new ChatFailure("lost");
			const url = routes.resume(messageId, sessionId(), after);
			try {
				yield* requestEvents({ url, apiKey }, signal);
			} catch (error) {
				throw isAbsent(error) ? new ChatFailure("lost") : error;
			}
		},
		async history(signal) {
			const history = await fetchHistory(signal);
			knows = knows === true || history !== null;
			return history;
		},
		async stop(messageId) {
			if (!routes) return;
			const body: StopRequest = { sessionId: sessionId() };
			await requestText({ url: routes.stop(messageId), apiKey, body });
		},
	};
}
