// What carries frames between the widget and its server: a WebSocket, or requests where there is none.

/** A frame, one JSON object; frames.ts of chat/ has their members. */
export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Carrier {
	send(frame: Frame): void;
	/** No event follows. */
	close(): void;
}

export interface CarrierEvents {
	/** A frame of the server. */
	frame(frame: object): void;
	/** The last event. `code`: the close code of a WebSocket or the status of a response; 0: none. */
	end(code: number): void;
}

export type OpenCarrier = (events: CarrierEvents) => Carrier;

/** Opens a carrier whose code is loaded first. */
export function openLater(load: () => Promise<OpenCarrier>): OpenCarrier {
	return (events) => {
		let carrier: Carrier | null = null;
		let isClosed = false;
		load().then(
			(open) => {
				if (!isClosed) carrier = open(events);
			},
			() => isClosed || events.end(0),
		);
		return {
			send: (frame) => carrier?.send(frame),
			close() {
				isClosed = true;
				carrier?.close();
			},
		};
	};
}

/** The end of a session: its widget or visitor was deleted. */
export const OVER = 4404;
/** Whether the server says that something does not exist, or that the site is not allowed. */
export const isFinal = (code: number) => /^(401|403|404|4404)$/.test(`${code}`);
/** The server was silent for too long. */
export const DEAD = 4408;

/** Calls `onSilence` once, after `ms` without a call of heard(). */
export function watchForSilence(ms: number, onSilence: () => void) {
	let timer = setTimeout(onSilence, ms);
	const stop = () => clearTimeout(timer);
	return {
		heard() {
			stop();
			timer = setTimeout(onSilence, ms);
		},
		stop,
	};
}
