// One WebSocket at a time, made anew for as long as somebody wants it and there is hope.

import type { Network } from "../net/backoff";
import { backoff } from "../net/backoff";
import { failureFrom } from "../net/failure";
import { SILENCE_MS, watchForSilence } from "../net/http";
import { type ClientFrame, parseFrame, type ServerFrame } from "./frames";

/** Failed attempts in a row after which the server is asked whether there is such a widget. */
const DOUBT_AFTER = 2;

export interface ConnectionEvents {
	/** The address, which may have another token each time. */
	address(): string;
	frame(frame: ServerFrame): void;
	/** The token is no good any more. */
	disowned(): void;
	/** Whether there is something that the server has yet to say. */
	awaits(): boolean;
	/** The connection is gone, and is being made again. */
	lost(): void;
	/** It is not made again before the next call of `want`. */
	ended(): void;
}

export interface Connection {
	/** Connects, unless it is connected, and keeps it so. */
	want(): void;
	/** False when there is no connection. */
	send(frame: ClientFrame): boolean;
}

/** The part of WebSocket that is used; the tests hand in their own. */
export type Socket = Pick<WebSocket, "readyState" | "send" | "close" | "addEventListener">;

export interface ConnectionParts {
	readonly network: Network;
	readonly open: (address: string) => Socket;
	/** Whether the widget is still there, for this site. Throws when nobody answers. */
	readonly exists: () => Promise<boolean>;
}

const OPEN = 1;
/** The close code of a token that is good for nothing any more: its widget, or its visitor, is gone. */
const OVER = 4404;

interface End {
	/** It was a connection. */
	readonly heard: boolean;
	readonly code: number;
}

export function createConnection(
	{ network, open, exists }: ConnectionParts,
	events: ConnectionEvents,
): Connection {
	let socket: Socket | null = null;
	let running = false;
	/** Something was said, by either side. */
	let heardNow = () => {};

	/** Resolves when the connection has ended, or is given up: a dead one takes its time to close. */
	function connect(): Promise<End> {
		return new Promise((resolve) => {
			const made = open(events.address());
			let heard = false;
			const end = (code: number) => {
				forget();
				silence.stop();
				socket = null;
				made.close();
				resolve({ heard, code });
			};
			const giveUp = () => end(0);
			const forget = network.onChange(giveUp);
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
			// A policy may forbid to open it: then there is no connection either.
			const end = await connect().catch(() => ({ heard: false, code: 0 }));
			failures = end.heard ? 1 : failures + 1;
			if (end.code === OVER) events.disowned();
			events.lost();
			if (await isHopeless(end, failures)) return;
			await network.pause(0, backoff(failures - 1));
		}
	}

	return {
		want() {
			network.wake();
			if (running) return;
			running = true;
			void keep().finally(() => {
				running = false;
				events.ended();
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
