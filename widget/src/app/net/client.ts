// The client of the chat API. It also works with an open-chat-widget server, which has no message
// ids and therefore no resume, history or stop.

import type { ChatRequest, StopRequest } from "../../../../workerd/api/openapi/openapi";
import type { Values } from "../../shell";
import { type History, parseHistory } from "../chat/history";
import { routesFrom } from "./endpoints";
import type { ChatEvent } from "./events";
import { ChatFailure, failureFrom } from "./failure";
import { requestEvents, requestText } from "./http";

/** What the page has said about the visitor and itself. */
export interface About {
	readonly identity?: Values;
	readonly context?: Values;
}

export interface Endpoint {
	readonly apiUrl: string;
	readonly apiKey: string;
}

export type Events = AsyncGenerator<ChatEvent, void, void>;

export interface Client {
	/** Whether the server supports message ids; null until that is known. */
	knowsIds(): boolean | null;
	/**
	 * Repeating an id does not send a second message: its one reply is streamed again from the
	 * start.
	 */
	ask(message: string, clientMessageId: string, signal: AbortSignal): Events;
	/** Streams a reply from `after` on, in UTF-16 code units. */
	resume(messageId: string, after: number, signal: AbortSignal): Events;
	/** null: the server keeps no history. */
	history(signal?: AbortSignal): Promise<History | null>;
	stop(messageId: string): Promise<void>;
}

/** Whether the server does not know the path or the object. */
function isAbsent(error: unknown): boolean {
	return failureFrom(error).kind === "refused";
}

/** Its requests end with `life`. */
export function createClient(
	{ apiUrl, apiKey }: Endpoint,
	sessionId: () => string,
	about: () => About = () => ({}),
	life?: AbortSignal,
): Client {
	const routes = routesFrom(apiUrl);
	let knows: boolean | null = routes ? null : false;

	async function fetchHistory(signal?: AbortSignal): Promise<History | null> {
		if (!routes || knows === false) return null;
		try {
			return parseHistory(
				await requestText({ url: routes.history(sessionId()), apiKey }, signal ?? life),
			);
		} catch (error) {
			if (isAbsent(error)) return null;
			throw error;
		}
	}

	return {
		knowsIds: () => knows,
		async *ask(message, clientMessageId, signal) {
			const body: ChatRequest & About = {
				...about(),
				sessionId: sessionId(),
				message,
				clientMessageId,
			};
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
			await requestText({ url: routes.stop(messageId), apiKey, body }, life);
		},
	};
}
