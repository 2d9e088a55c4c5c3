// People who answer in place of the model: who is there, and who types.

import type { People, Person, State } from "./state";
import type { Store } from "./store";

/** How long typing is shown: a person's page repeats it. */
const TYPING_MS = 6000;
/** After the history the server says at once who is there; if it says nothing, nobody is. */
const PRESENCE_MS = 1000;

const PHASES: Readonly<Record<string, People["phase"]>> = {
	waiting: "waiting",
	joined: "person",
	person: "person",
	left: "model",
};

export interface PeopleView {
	/** `state`: of an operator or handover frame. */
	take(state: string, person: Person): void;
	/** A person has written. */
	wrote(): void;
	/** A new connection has brought the history. */
	expect(): void;
}

export function createPeople(store: Store<State>, signal?: AbortSignal): PeopleView {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let absence: ReturnType<typeof setTimeout> | undefined;
	const stop = () => {
		clearTimeout(timer);
		clearTimeout(absence);
	};
	signal?.addEventListener("abort", stop);

	function set(change: Partial<People>): void {
		store.update((state) => ({ ...state, people: { ...state.people, ...change } }));
	}

	function type(isTyping: boolean): void {
		clearTimeout(timer);
		if (store.get().people.isTyping !== isTyping) set({ isTyping });
		if (isTyping) timer = setTimeout(() => type(false), TYPING_MS);
	}

	return {
		take(state, person) {
			if (state === "typing") return type(true);
			const phase = PHASES[state];
			if (!phase) return;
			stop();
			set(person.name ? { phase, person } : { phase });
			type(false);
		},
		wrote: () => type(false),
		expect() {
			clearTimeout(absence);
			if (store.get().people.phase === "model") return;
			absence = setTimeout(() => set({ phase: "model", isTyping: false }), PRESENCE_MS);
		},
	};
}
