// Holds the state and notifies its subscribers.

export interface Store<T> {
	get(): T;
	update(change: (state: T) => T): void;
	subscribe(listener: (state: T) => void): void;
}

/** Once `signal` is aborted the state no longer changes. */
export function createStore<T>(initial: T, signal?: AbortSignal): Store<T> {
	let state = initial;
	const listeners: ((state: T) => void)[] = [];
	return {
		get: () => state,
		update(change) {
			if (signal?.aborted) return;
			const next = change(state);
			if (next === state) return;
			state = next;
			for (const listener of listeners) listener(state);
		},
		subscribe(listener) {
			listeners.push(listener);
		},
	};
}
