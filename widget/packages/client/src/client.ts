// The client of the chat API: one session of a visitor.

import type { components } from "./api.js";
import { BanterError, failureOf, pauseAfter, wait } from "./failure.js";
import { eventsOf, objectsOf } from "./lines.js";

type Schemas = components["schemas"];
export type Reply = Schemas["Reply"];
export type History = Schemas["History"];
export type HistoryMessage = Schemas["HistoryMessage"];
export type MessageStatus = Schemas["MessageStatus"];
/** What happens in a session: see `Client.events()`. */
export type LiveEvent = Schemas["LiveEvent"];
/** An event of a reply, with the reply's whole text so far. */
export type ReplyEvent = Exclude<Schemas["Event"], Schemas["ErrorEvent"]> & {
	readonly text: string;
};

export interface ClientOptions {
	/** The address of the banter server: `https://chat.example.com`. */
	server: string;
	/** `WIDGET_API_KEY`, or an API key of kind `widget`. */
	apiKey: string;
	/**
	 * The session: who knows it can read the conversation. Keep it, to continue the conversation later. Default: a new
	 * random one.
	 */
	sessionId?: string;
	/** true: say when a person answers, and mark the messages of people. */
	operators?: boolean;
	/** true: say what replies are based on. */
	sources?: boolean;
	/** How often a request is tried, in all. Default: 5. */
	attempts?: number;
	/** A stream that is silent for so many milliseconds is resumed on a new connection. Default: 60,000. */
	silence?: number;
	/** In place of the global `fetch`. */
	fetch?: typeof fetch;
}

export interface CallOptions {
	/** Ends the call; the reply goes on, and is stored. */
	signal?: AbortSignal | undefined;
}

/** Of a message; `clientMessageId` makes a repetition harmless, also in another process. Default: a random one. */
export type MessageOptions = CallOptions &
	Omit<Schemas["ChatRequest"], "sessionId" | "message" | "operators" | "sources">;

export interface HistoryOptions extends CallOptions {
	/** Messages of a page, 1 to 200. */
	limit?: number;
	/** `nextCursor` of the page before. */
	cursor?: string;
}

/** Where a stream of a reply stands. */
interface Progress {
	messageId: string | undefined;
	text: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

export class Client {
	readonly sessionId: string;
	readonly #options: ClientOptions;
	readonly #newId: () => string;

	/** @internal */
	constructor(options: ClientOptions, newId: () => string) {
		this.#options = options;
		this.#newId = newId;
		this.sessionId = options.sessionId ?? newId();
	}

	/** Sends a message and waits for the whole reply. Every attempt has the same id: no message is stored twice. */
	chat(message: string, options: MessageOptions = {}): Promise<Reply> {
		const body = this.#message(message, options);
		return this.#json("POST", "", body, options.signal);
	}

	/**
	 * Sends a message and streams the reply. A lost connection is resumed where the text ended.
	 *
	 * @example for await (const { text } of client.stream("Hello")) output.textContent = text;
	 */
	stream(message: string, options: MessageOptions = {}): AsyncGenerator<ReplyEvent, void, void> {
		const progress = { messageId: undefined, text: "" };
		return this.#follow(progress, this.#message(message, options), options.signal);
	}

	/** Streams a reply of the history (`active`) from the end of `text`, which the caller has of it. */
	resume(
		messageId: string,
		text = "",
		{ signal }: CallOptions = {},
	): AsyncGenerator<ReplyEvent, void, void> {
		return this.#follow({ messageId, text }, undefined, signal);
	}

	/** Stops a reply; its text so far is kept. Returns how the reply has ended, now or earlier. */
	async stop(messageId: string, { signal }: CallOptions = {}): Promise<MessageStatus> {
		const path = `/${encodeURIComponent(messageId)}/stop`;
		const answer = await this.#json<{ status: MessageStatus }>("POST", path, {}, signal);
		return answer.status;
	}

	/** A page of the session's messages, oldest first. */
	history({ limit, cursor, signal }: HistoryOptions = {}): Promise<History> {
		return this.#json("GET", this.#path("/history", { limit, cursor }), undefined, signal);
	}

	/** Says that the visitor writes: every few seconds, while that is so. */
	async typing({ signal }: CallOptions = {}): Promise<void> {
		await this.#retry(signal, () => this.#request("POST", "/typing", {}, signal));
	}

	/**
	 * What happens in the session, until the caller stops reading or `signal` is aborted: messages of people, of other
	 * tabs, and who answers. A lost connection is resumed without a gap. Read the history after the first event.
	 */
	async *events({ signal }: CallOptions = {}): AsyncGenerator<LiveEvent, void, void> {
		let last = "";
		let failures = 0;
		for (;;) {
			try {
				const path = this.#path("/events", {});
				const more = { accept: "text/event-stream", ...(last && { "last-event-id": last }) };
				const response = await this.#request("GET", path, undefined, signal, more);
				for await (const { id, data } of eventsOf(response, this.#silence)) {
					last = id;
					failures = 0;
					yield data as LiveEvent;
				}
				// The server ends the stream every few minutes.
				if (failures === 0) continue;
				throw cutOff();
			} catch (error) {
				await this.#pause(error, failures++, signal);
			}
		}
	}

	get #silence(): number {
		return this.#options.silence ?? 60_000;
	}

	#message(message: string, { signal: _, ...more }: MessageOptions): Schemas["ChatRequest"] {
		const { sessionId } = this;
		const { operators, sources } = this.#options;
		const asked = { ...(operators && { operators }), ...(sources && { sources }) };
		return { clientMessageId: this.#newId(), ...more, ...asked, sessionId, message };
	}

	#path(path: string, query: Query): string {
		const { operators, sources } = this.#options;
		const all = { sessionId: this.sessionId, operators: operators && 1, sources: sources && 1 };
		const found = new URLSearchParams();
		for (const [name, value] of Object.entries({ ...all, ...query }))
			if (value) found.set(name, `${value}`);
		return `${path}?${found}`;
	}

	/** Follows a reply to its end. `body`: the message, to send it (again); without it, the reply must be known. */
	async *#follow(
		progress: Progress,
		body: Schemas["ChatRequest"] | undefined,
		signal: AbortSignal | undefined,
	): AsyncGenerator<ReplyEvent, void, void> {
		for (let failures = 0; ; ) {
			try {
				for await (const event of this.#read(progress, body, signal)) {
					if (event.type === "token") failures = 0;
					yield { ...event, text: progress.text };
					if (event.type === "done") return;
				}
				throw cutOff();
			} catch (error) {
				const { code = "", status = 0 } = error instanceof BanterError ? error : {};
				// Sent again with its id, an interrupted or unknown reply is written again, in its place.
				const isLost = body !== undefined && progress.messageId !== undefined;
				if (isLost && (code === "interrupted" || status === 404)) progress.messageId = undefined;
				else await this.#pause(error, failures, signal);
				if (++failures >= this.#attempts) throw error;
			}
		}
	}

	/** One connection of a stream. */
	async *#read(
		progress: Progress,
		body: Schemas["ChatRequest"] | undefined,
		signal: AbortSignal | undefined,
	): AsyncGenerator<Exclude<Schemas["Event"], Schemas["ErrorEvent"]>, void, void> {
		const { messageId, text } = progress;
		const known = this.#path(`/stream/${encodeURIComponent(messageId ?? "")}`, {
			after: text.length,
		});
		const response = await (messageId === undefined
			? this.#request("POST", "/stream", body, signal)
			: this.#request("GET", known, undefined, signal));
		for await (const one of objectsOf(response, this.#silence)) {
			const event = one as Schemas["Event"];
			if (event.type === "error") throw new BanterError(event.error, event.code);
			if (event.type === "start") {
				progress.messageId = event.messageId;
				progress.text = progress.text.slice(0, event.position ?? 0);
			} else if (event.type === "token") progress.text += event.token;
			else if (event.type === "done") progress.text = event.message;
			yield event;
		}
	}

	get #attempts(): number {
		return this.#options.attempts ?? 5;
	}

	/** Waits for the next attempt; throws if there is none, or if the caller has ended the call. */
	async #pause(error: unknown, failures: number, signal: AbortSignal | undefined): Promise<void> {
		const pause = pauseAfter(error, failures);
		if (signal?.aborted || pause === undefined || failures + 1 >= this.#attempts) throw error;
		await wait(pause, signal);
	}

	async #retry<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
		for (let failures = 0; ; failures++) {
			try {
				return await attempt();
			} catch (error) {
				await this.#pause(error, failures, signal);
			}
		}
	}

	/** A response that breaks off in its body is requested again, too. */
	#json<T>(
		method: string,
		path: string,
		body: object | undefined,
		signal: AbortSignal | undefined,
	): Promise<T> {
		return this.#retry(signal, async () =>
			(await this.#request(method, path, body, signal)).json(),
		);
	}

	async #request(
		method: string,
		path: string,
		body: object | undefined,
		signal: AbortSignal | undefined,
		more?: Readonly<Record<string, string>>,
	): Promise<Response> {
		const { server, apiKey, fetch: own = fetch } = this.#options;
		const response = await own(`${server.replace(/\/+$/, "")}/v1/chat${path}`, {
			method,
			headers: { "x-api-key": apiKey, "content-type": "application/json", ...more },
			...(body && { body: JSON.stringify({ sessionId: this.sessionId, ...body }) }),
			...(signal && { signal }),
			credentials: "omit",
			cache: "no-store",
		});
		if (!response.ok) throw await failureOf(response);
		return response;
	}
}

const cutOff = () => new BanterError("The connection was lost", "cut_off");
