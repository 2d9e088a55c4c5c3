// Keeps one line to the server open while it is wanted, with reconnects.

import { backoff, type Network } from "./backoff";
import { type Carrier, DEAD, type Frame, isFinal, type OpenCarrier, OVER } from "./carrier";
import { failureFrom } from "./failure";
import { openLine } from "./line";

/** Consecutive failed attempts after which to check that the widget still exists. */
const DOUBT_AFTER = 2;

export interface ConnectionEvents {
	/** A line is being opened. */
	opening(): void;
	frame(frame: object): void;
	/** The token is invalid. */
	disowned(): void;
	/** The connection is lost; reconnecting. `isDead`: the server fell silent. */
	lost(isDead: boolean): void;
	/** The widget is not available here: gives up until the next call of `want`. The token may be valid again then. */
	ended(): void;
}

export interface Connection {
	/** Connects if necessary and keeps the connection open. */
	want(): void;
	/** Returns false if there is no connection. */
	send(frame: Frame): boolean;
	/** Closes the line and opens another one. */
	renew(): void;
}

export interface ConnectionParts {
	readonly network: Network;
	/** Ends the connection for good. */
	readonly signal?: AbortSignal;
	/** Aborted when the page's policy forbids requests to the server. */
	readonly blocked?: AbortSignal;
	/** In the order of their worth; see line.ts. */
	readonly carriers: readonly OpenCarrier[];
	/** The carrier that has worked in this visit. */
	readonly memory: { get(): number | null; put(carrier: number): void };
	/** Whether the widget still exists and allows this site. Throws if there is no response. */
	readonly exists: () => Promise<boolean>;
}

interface End {
	/** The connection was established. */
	readonly heard: boolean;
	readonly code: number;
}

export function createConnection(parts: ConnectionParts, events: ConnectionEvents): Connection {
	const { network, carriers, exists, signal, blocked, memory } = parts;
	let line: Carrier | null = null;
	let running = false;
	let renew = () => {};
	const isOver = () => signal?.aborted || blocked?.aborted;

	/** Resolves when the line has ended or is abandoned. `failures`: attempts before this one. */
	function connect(failures: number): Promise<End> {
		return new Promise((resolve) => {
			events.opening();
			const known = failures <= DOUBT_AFTER ? memory.get() : null;
			let heard = false;
			let opened: Carrier | undefined;
			const end = (code: number) => {
				forget();
				for (const one of [signal, blocked]) one?.removeEventListener("abort", giveUp);
				opened?.close();
				line = null;
				resolve({ heard, code });
			};
			const giveUp = () => end(0);
			const forget = network.onChange(giveUp);
			for (const one of [signal, blocked]) one?.addEventListener("abort", giveUp);
			renew = giveUp;
			opened = openLine(
				{
					carriers,
					first: known ?? 0,
					isAlone: known !== null,
					chosen(carrier) {
						heard = true;
						line = opened ?? null;
						memory.put(carrier);
					},
				},
				{ frame: events.frame, end },
			);
		});
	}

	async function isHopeless({ code }: End, failures: number): Promise<boolean> {
		if (failures < DOUBT_AFTER && !isFinal(code)) return false;
		try {
			return !(await exists());
		} catch (error) {
			return failureFrom(error).kind === "broken";
		}
	}

	async function keep(): Promise<void> {
		let failures = 0;
		while (!isOver()) {
			const end = await connect(failures);
			failures = end.heard ? 1 : failures + 1;
			if (isOver()) return;
			const isRefused = isFinal(end.code);
			if (!isRefused) events.lost(end.code === DEAD);
			if (await isHopeless(end, failures)) return;
			if (end.code === OVER) events.disowned();
			if (isRefused) events.lost(false);
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
				// The state no longer changes.
				if (!signal?.aborted) events.ended();
			});
		},
		send(frame) {
			line?.send(frame);
			return line !== null;
		},
		renew: () => renew(),
	};
}
