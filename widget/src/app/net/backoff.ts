// Exponential backoff between attempts, cut short when the connection is likely to be back.

/** Full jitter: visitors must not all reconnect at the moment a server comes back. */
const BASE_MS = 500;
const CAP_MS = 30_000;
/** A page hidden for longer may have been suspended, with dead connections. */
const NAP_MS = 30_000;

/** The delay before the next attempt, in ms, after `failures` failed ones. */
export function backoff(failures: number, random: () => number = Math.random): number {
	return random() * Math.min(CAP_MS, BASE_MS * 2 ** failures);
}

export interface Network {
	/** What the browser reports; it can be wrong. */
	isOffline(): boolean;
	/**
	 * Waits at least `floorMs`, then `ms` more: shorter after wake(), longer while the page is
	 * hidden or offline.
	 */
	pause(floorMs: number, ms: number): Promise<void>;
	/** Ends the pauses that have passed their floor. */
	wake(): void;
	/**
	 * Calls back when existing connections may have died silently. Returns the unsubscribe
	 * function.
	 */
	onChange(listener: () => void): () => void;
	/** Calls back when the browser comes online or goes offline. */
	onSwitch(listener: () => void): void;
}

function isOffline(): boolean {
	return navigator.onLine === false;
}

/** Its listeners and pauses end with `life`. */
export function createNetwork(life: AbortSignal): Network {
	const waiting = new Set<() => void>();
	const listeners = new Set<() => void>();
	let hiddenAt = Date.now();

	const callAll = (set: ReadonlySet<() => void>) => {
		for (const call of [...set]) call();
	};
	const options = { signal: life };
	const online = () => {
		callAll(listeners);
		callAll(waiting);
	};
	addEventListener("online", online, options);
	// Open connections keep a page out of the back/forward cache, or are cut silently.
	addEventListener("pagehide", () => callAll(listeners), options);
	const look = () => {
		if (document.hidden) {
			hiddenAt = Date.now();
			return;
		}
		if (Date.now() - hiddenAt > NAP_MS) callAll(listeners);
		callAll(waiting);
	};
	document.addEventListener("visibilitychange", look, options);

	return {
		isOffline,
		pause(floorMs, ms) {
			return new Promise((resolve) => {
				const end = () => {
					clearTimeout(timer);
					waiting.delete(end);
					life.removeEventListener("abort", end);
					resolve();
				};
				const hope = () => {
					waiting.add(end);
					timer = setTimeout(() => {
						// navigator.onLine can be wrong; in that case retries are only slower.
						if (document.hidden || isOffline()) timer = setTimeout(end, CAP_MS);
						else end();
					}, ms);
				};
				let timer = setTimeout(hope, floorMs);
				life.addEventListener("abort", end);
				if (life.aborted) end();
			});
		},
		wake: () => callAll(waiting),
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		onSwitch(listener) {
			addEventListener("online", listener, options);
			addEventListener("offline", listener, options);
		},
	};
}
