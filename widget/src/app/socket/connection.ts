// Keeps one WebSocket open while it is wanted, with reconnects.

import type { Network } from "../net/backoff";
import { backoff } from "../net/backoff";
import { failureFrom } from "../net/failure";
import { SILENCE_MS, watchForSilence } from "../net/http";
import { type ClientFrame, parseFrame, type ServerFrame } from "./frames";

/** Consecutive failed attempts after which to check that the widget still exists. */
const DOUBT_AFTER = 2;

export interface ConnectionEvents {
	/** The URL, which may contain a new token each time. */
	address(): string;
	frame(frame: ServerFrame): void;
	/** The token is invalid. */
	disowned(): void;
	/** Whether a frame from the server is expected. */
	awaits(): boolean;
	/** The connection is lost; reconnecting. */
	lost(): void;
	/** Gives up until the next call of `want`. */
	ended(): void;
}

export interface Connection {
	/** Connects if necessary and keeps the connection open. */
	want(): void;
	/** Returns false if there is no connection. */
	send(frame: ClientFrame): boolean;
}

/** The part of WebSocket that is used; tests pass their own. */
export type Socket = Pick<WebSocket, "readyState" | "send" | "close" | "addEventListener">;

export interface ConnectionParts {
	readonly network: Network;
	/** Ends the connection for good. */
	readonly signal?: AbortSignal;
	readonly open: (address: string) => Socket;
	/** Whether the widget still exists and allows this site. Throws if there is no response. */
	readonly exists: () => Promise<boolean>;
}

const OPEN = 1;
/** The close code for an invalid token: its widget or visitor was deleted. */
const OVER = 4404;

interface End {
	/** The connection was established. */
	readonly heard: boolean;
	readonly code: number;
}

export function createConnection(
	{ network, open, exists, signal }: ConnectionParts,
	events: ConnectionEvents,
): Connection {
	let socket: Socket | null = null;
	let running = false;
	/** Either side sent a frame. */
	let heardNow = () => {};

	/**
	 * Resolves when the connection has ended or is abandoned: a dead one closes only after minutes.
	 */
	function connect(): Promise<End> {
		return new Promise((resolve) => {
			const made = open(events.address());
			let heard = false;
			const end = (code: number) => {
				forget();
				signal?.removeEventListener("abort", giveUp);
				silence.stop();
				socket = null;
				made.close();
				resolve({ heard, code });
			};
			const giveUp = () => end(0);
			const forget = network.onChange(giveUp);
			signal?.addEventListener("abort", giveUp);
			const silence = watchForSilence(SILENCE_MS, () =>
				events.awaits() ? giveUp() : silence.heard(),
			);
			heardNow = silence.heard;
			socket = made;
			made.addEventListener("message", ({ data }) => {
				if (socket !== made) return;
				heard = true;
				heardNow();
				const frame = typeof data === "string" ? parseFrame(data) : null;
				if (frame) events.frame(frame);
			});
			made.addEventListener("close", ({ code }) => socket === made && end(code));
		});
	}

	async function isHopeless({ code }: End, failures: number): Promise<boolean> {
		if (code !== OVER && failures < DOUBT_AFTER) return false;
		try {
			return !(await exists());
		} catch (error) {
			return failureFrom(error).kind === "broken";
		}
	}

	async function keep(): Promise<void> {
		let failures = 0;
		for (;;) {
			// A Content-Security-Policy may forbid the connection: treat that as a failure.
			const end = await connect().catch(() => ({ heard: false, code: 0 }));
			failures = end.heard ? 1 : failures + 1;
			if (signal?.aborted) return;
			if (end.code === OVER) events.disowned();
			events.lost();
			if (await isHopeless(end, failures)) return;
			await network.pause(0, backoff(failures - 1));
			if (signal?.aborted) return;
		}
	}

	return {
		want() {
			network.wake();
			if (running) return;
			running = true;
			void keep().finally(() => {
				running = false;
				// The state no longer changes.
				if (!signal?.aborted) events.ended();
			});
		},
		send(frame) {
			if (socket?.readyState !== OPEN) return false;
			heardNow();
			socket.send(JSON.stringify(frame));
			return true;
		},
	};
}
