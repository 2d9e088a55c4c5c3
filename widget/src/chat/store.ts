// Holds the state and notifies its subscribers.

export interface Store<T> {
	get(): T;
	update(change: (state: T) => T): void;
	subscribe(listener: (state: T) => void): void;
}

export function createStore<T>(initial: T): Store<T> {
	let state = initial;
	const listeners: ((state: T) => void)[] = [];
	return {
		get: () => state,
		update(change) {
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
