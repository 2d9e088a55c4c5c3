// Waiting for a better moment: longer each time, cut short by whatever promises success.

/** Full jitter: a server that comes back must not meet all its visitors in one instant. */
const BASE_MS = 500;
const CAP_MS = 30_000;
/** A page that was hidden for longer may have slept, and its connections died. */
const NAP_MS = 30_000;

/** How long to wait before the next attempt, after `failures` others. */
export function backoff(failures: number, random: () => number = Math.random): number {
	return random() * Math.min(CAP_MS, BASE_MS * 2 ** failures);
}

export interface Network {
	/** As far as the browser knows. */
	isOffline(): boolean;
	/** Waits `floorMs`, then `ms`: less when there is hope, more while the page is away. */
	pause(floorMs: number, ms: number, signal?: AbortSignal): Promise<void>;
	/** There is hope. */
	wake(): void;
	/** Calls back when older connections may be dead without a word. Returns the way out. */
	onChange(listener: () => void): () => void;
}

function isOffline(): boolean {
	return navigator.onLine === false;
}

export function createNetwork(): Network {
	const waiting = new Set<() => void>();
	const listeners = new Set<() => void>();
	let hiddenAt = Date.now();

	const callAll = (set: ReadonlySet<() => void>) => {
		for (const call of [...set]) call();
	};
	addEventListener("online", () => {
		callAll(listeners);
		callAll(waiting);
	});
	// A browser keeps no page for "Back" that has connections, or cuts them without a word.
	addEventListener("pagehide", () => callAll(listeners));
	document.addEventListener("visibilitychange", () => {
		if (document.hidden) {
			hiddenAt = Date.now();
			return;
		}
		if (Date.now() - hiddenAt > NAP_MS) callAll(listeners);
		callAll(waiting);
	});

	return {
		isOffline,
		pause(floorMs, ms, signal) {
			return new Promise((resolve) => {
				const end = () => {
					clearTimeout(timer);
					waiting.delete(end);
					signal?.removeEventListener("abort", end);
					resolve();
				};
				const hope = () => {
					waiting.add(end);
					timer = setTimeout(() => {
						// Browsers are at times wrong about being offline: then it is only slower.
						if (document.hidden || isOffline()) timer = setTimeout(end, CAP_MS);
						else end();
					}, ms);
				};
				let timer = setTimeout(hope, floorMs);
				signal?.addEventListener("abort", end);
				if (signal?.aborted) end();
			});
		},
		wake: () => callAll(waiting),
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
}
