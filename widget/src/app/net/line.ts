// Finds a carrier that works: the best one first, the next one when it fails or stays silent.

import { type Carrier, type CarrierEvents, isFinal, type OpenCarrier } from "./carrier";

/** How long the WebSocket, NDJSON and server-sent events may take to bring the first frame. */
const PATIENCE_MS = [1500, 1000, 1000];
/** The same if the one that worked before is opened again, without another to choose. */
const ALONE_MS = 10_000;
/** Lets the page's policy report a violation before another request. */
const REPORT_MS = 20;

export interface LineParts {
	/** The WebSocket, NDJSON, server-sent events, polls. */
	readonly carriers: readonly OpenCarrier[];
	/** The first one to try. */
	readonly first: number;
	/** Tries no other. */
	readonly isAlone: boolean;
	/** It has brought the first frame. */
	chosen(carrier: number): void;
}

export function openLine(
	{ carriers, first, isAlone, chosen }: LineParts,
	events: CarrierEvents,
): Carrier {
	const polls = carriers.length - 1;
	const open = new Map<number, Carrier>();
	let choice: number | null = null;
	let tried = first - 1;
	let isOver = false;
	let timer: ReturnType<typeof setTimeout> | undefined;

	function close(): void {
		isOver = true;
		clearTimeout(timer);
		for (const carrier of open.values()) carrier.close();
		open.clear();
	}

	function end(code: number): void {
		if (isOver) return;
		close();
		events.end(code);
	}

	function drop(at: number): void {
		open.get(at)?.close();
		open.delete(at);
	}

	function choose(at: number): void {
		choice = at;
		clearTimeout(timer);
		for (const other of [...open.keys()]) if (other !== at) drop(other);
		chosen(at);
	}

	/** Some proxy on the way buffers streams. A WebSocket may still come. */
	function giveUpOn(at: number): void {
		if (isAlone) end(0);
		else if (at === 0) start(1);
		else {
			drop(at);
			start(polls);
		}
	}

	function fail(at: number, code: number): void {
		open.delete(at);
		if (isOver || (choice !== null && choice !== at)) return;
		// Another carrier would hear the same.
		if (choice === at || isAlone || isFinal(code) || at === polls) end(code);
		else if (at === tried) {
			clearTimeout(timer);
			timer = setTimeout(() => start(at + 1), REPORT_MS);
		}
	}

	function start(at: number): void {
		tried = at;
		clearTimeout(timer);
		const patience = isAlone ? ALONE_MS : PATIENCE_MS[at];
		if (patience) timer = setTimeout(() => giveUpOn(at), patience);
		try {
			const carrier = carriers[at]?.({
				frame(frame) {
					if (choice === null && !isOver) choose(at);
					if (choice === at) events.frame(frame);
				},
				end: (code) => fail(at, code),
			});
			if (carrier) open.set(at, carrier);
		} catch {
			// A policy of the page may forbid it.
			fail(at, 0);
		}
	}

	start(first);
	return { send: (frame) => choice !== null && open.get(choice)?.send(frame), close };
}
