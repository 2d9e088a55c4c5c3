// Frames without a WebSocket: the server's come as a stream (NDJSON or server-sent events) or by polls, and each
// of the client's is a request of its own.

import {
	type Carrier,
	type CarrierEvents,
	DEAD,
	type Frame,
	OVER,
	watchForSilence,
} from "./carrier";
import { readLines } from "./ndjson";
import { parseObject, stringify, textOf } from "./parse";

export type FeedKind = "x-ndjson" | "event-stream" | "poll";

/** The URL of the stream or of the polls; `after`: the place of the last frame that came. */
export type FeedUrl = (leaf: "events" | "frames", after?: string) => string;

/** The server writes something every 7.5 s, and answers a poll within 15 s. */
const SILENCE_MS = 19_000;
/** A stream that ends sooner is not asked for again at once. */
const SHORT_MS = 1000;

/** A stop, a rating or typing do not wait for a message that is being sent. */
const IN_ORDER = /message|person|contact|identify|context/;

type Answer = Readonly<Record<string, unknown>>;

/** The error frame for a response that refuses a frame. */
function refusalOf(
	{ error, code, fields }: Answer,
	{ type, id }: Frame,
	response: Response,
): Frame {
	const seconds = Number(response.headers.get("Retry-After")) || null;
	const isMessage = /message|person/.test(type) && { id };
	return {
		type: "error",
		message: error,
		code,
		fields,
		...isMessage,
		retryAfterMs: seconds && seconds * 1000,
	};
}

export function openFeed(kind: FeedKind, url: FeedUrl, events: CarrierEvents): Carrier {
	const abort = new AbortController();
	const { signal } = abort;
	let after: string | undefined;
	let sent: Promise<unknown> = Promise.resolve();
	const silence = watchForSilence(SILENCE_MS, () => end(DEAD));

	function close(): void {
		silence.stop();
		abort.abort();
	}

	function end(code: number): void {
		if (signal.aborted) return;
		close();
		events.end(code);
	}

	async function request(address: string, options: RequestInit = {}): Promise<Response> {
		const response = await fetch(address, {
			...options,
			credentials: "omit",
			cache: "no-store",
			signal,
		});
		silence.heard();
		return response;
	}

	async function get(leaf: "events" | "frames", accept: string): Promise<Response> {
		const response = await request(url(leaf, after), { headers: { accept } });
		if (!response.ok) throw response;
		return response;
	}

	function take(frames: unknown): void {
		for (const frame of Array.isArray(frames) ? frames : [])
			if (!signal.aborted) events.frame(Object(frame));
	}

	async function poll(): Promise<void> {
		const answer: Answer = Object(await (await get("frames", "application/json")).json());
		take(answer.frames);
		after = String(answer.next);
	}

	async function stream(): Promise<void> {
		const began = Date.now();
		const type = kind === "poll" ? "" : kind;
		const { body } = await get("events", `${kind === "x-ndjson" ? "application" : "text"}/${type}`);
		let place = after;
		for await (const line of readLines(body as ReadableStream<Uint8Array>, silence.heard)) {
			place = /^id: ?(.+)/.exec(line)?.[1] ?? place;
			const frame: Answer | null = parseObject(line.replace(/^data: ?/, "")) as Answer | null;
			if (frame) take([frame]);
			// Not before: a frame of which only the place has come is asked for again.
			if (frame || line === ":") after = frame?.next === undefined ? place : String(frame.next);
		}
		if (Date.now() - began < SHORT_MS) end(0);
	}

	async function run(): Promise<void> {
		try {
			while (!signal.aborted) await (kind === "poll" ? poll() : stream());
		} catch (error) {
			end(error instanceof Response ? error.status : 0);
		}
	}

	async function post(frame: Frame): Promise<void> {
		try {
			const response = await request(url("frames"), {
				method: "POST",
				body: stringify(frame),
			});
			const answer: Answer = { ...parseObject(await response.text()) };
			if (response.ok) take(answer.frames);
			else if (answer.code === "session_not_found") end(OVER);
			// A proxy's own error page: its server is down.
			else if (textOf(answer.code) === "") end(0);
			else take([refusalOf(answer, frame, response)]);
		} catch {
			end(0);
		}
	}

	void run();
	return {
		send(frame) {
			if (!IN_ORDER.test(frame.type)) void post(frame);
			else sent = sent.then(() => post(frame));
		},
		close,
	};
}
