// Time that passes when a test says so. (Node 18's own fake timers know no Date.)

export interface Clock {
	tick(ms: number): void;
	restore(): void;
}

export function stopClock(): Clock {
	const real = { setTimeout, clearTimeout, now: Date.now };
	const timers = new Map<number, { readonly at: number; readonly task: () => void }>();
	let now = 0;
	let last = 0;
	const set = (task: () => void, ms = 0) => {
		timers.set(++last, { at: now + ms, task });
		return last;
	};
	Object.assign(globalThis, { setTimeout: set, clearTimeout: (id: number) => timers.delete(id) });
	Date.now = () => now;

	return {
		tick(ms) {
			const end = now + ms;
			for (;;) {
				const due = [...timers]
					.filter(([, { at }]) => at <= end)
					.sort(([, a], [, b]) => a.at - b.at);
				const next = due[0];
				if (!next) break;
				timers.delete(next[0]);
				now = next[1].at;
				next[1].task();
			}
			now = end;
		},
		restore() {
			Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
			Date.now = real.now;
		},
	};
}
