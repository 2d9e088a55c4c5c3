// A WebSocket for the tests, whose other end is the test.

import type { Socket } from "../src/app/net/socket";

type Listener = (event: { data?: unknown; code?: number }) => void;

export interface FakeSocket {
	readonly address: string;
	readonly sent: readonly object[];
	/** The server sends this. */
	say(frame: object): void;
	/** The connection is lost. */
	drop(code?: number): void;
}

export function fakeSockets() {
	const made: FakeSocket[] = [];

	function open(address: string): Socket {
		const listeners = new Map<string, Listener[]>();
		const sent: object[] = [];
		let readyState = 1;
		const tell = (type: string, event: { data?: unknown; code?: number }) => {
			for (const listener of listeners.get(type) ?? []) listener(event);
		};
		const drop = (code = 1006) => {
			if (readyState === 3) return;
			readyState = 3;
			tell("close", { code });
		};
		made.push({
			address,
			sent,
			say: (frame) => tell("message", { data: JSON.stringify(frame) }),
			drop,
		});
		const socket = {
			get readyState() {
				return readyState;
			},
			send: (text: string) => void sent.push(JSON.parse(text)),
			close: () => drop(),
			addEventListener(type: string, listener: Listener) {
				listeners.set(type, [...(listeners.get(type) ?? []), listener]);
			},
		};
		return socket as unknown as Socket;
	}

	return {
		open,
		made,
		/** The newest. */
		last(): FakeSocket {
			const newest = made[made.length - 1];
			if (!newest) throw new Error("no connection");
			return newest;
		},
	};
}

/** Lets pending promises continue. */
export async function settle(): Promise<void> {
	for (let i = 0; i < 8; i++) await new Promise(setImmediate);
}
