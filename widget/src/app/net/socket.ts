// Frames over a WebSocket. It asks for a sign of life after some silence.

import { type Carrier, type CarrierEvents, DEAD, watchForSilence } from "./carrier";
import { parseObject, stringify } from "./parse";

/** The part of WebSocket that is used; tests pass their own. */
export type Socket = Pick<WebSocket, "readyState" | "send" | "close" | "addEventListener">;

const SILENCE_MS = 15_000;
/** How long the server may take to answer. */
const ANSWER_MS = 4000;

const OPEN = 1;

export function openSocket(socket: Socket, events: CarrierEvents): Carrier {
	let isOver = false;
	let death: ReturnType<typeof setTimeout> | undefined;

	const silence = watchForSilence(SILENCE_MS, () => {
		death = setTimeout(() => end(DEAD), ANSWER_MS);
		send({ type: "ping" });
	});

	/** A dead connection closes only after minutes: do not wait for it. */
	function close(): void {
		isOver = true;
		silence.stop();
		clearTimeout(death);
		socket.close();
	}

	function end(code: number): void {
		if (isOver) return;
		close();
		events.end(code);
	}

	function send(frame: object): void {
		if (socket.readyState === OPEN) socket.send(stringify(frame));
	}

	socket.addEventListener("message", ({ data }) => {
		if (isOver) return;
		clearTimeout(death);
		silence.heard();
		const frame = typeof data === "string" ? parseObject(data) : null;
		if (frame) events.frame(frame);
	});
	socket.addEventListener("close", ({ code }) => end(code));
	return { send, close };
}
