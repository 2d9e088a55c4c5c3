// One connection for all tabs of a browser: a lock elects the tab that runs the conversation; the others mirror its
// state, and send it what their visitor does. When it closes, freezes or dies, another one takes over from the state
// that it has.

import type { Engine } from "./engine";
import { apply, diff, type Patch } from "./patch";
import { randomId } from "./session";
import type { State } from "./state";
import type { Store } from "./store";

/** A method of the engine and its arguments. */
export type Action = { [K in keyof Engine]: readonly [K, ...Parameters<Engine[K]>] }[keyof Engine];

/** What tabs say to each other. */
type Said =
	/** A tab asks for the state. */
	| { readonly type: "hello" }
	/** Of the tab `from`, which runs the conversation. */
	| { readonly type: "state"; readonly from: string; readonly state: State }
	| { readonly type: "patch"; readonly from: string; readonly patch: Patch }
	/** The n-th action of the tab `from`, and that it has been carried out. */
	| { readonly type: "act"; readonly from: string; readonly n: number; readonly action: Action }
	| { readonly type: "done"; readonly to: string; readonly n: number };

export interface ShareParts {
	readonly store: Store<State>;
	/** Of the conversation, the same in all tabs. */
	readonly name: string;
	readonly signal: AbortSignal;
	/** Whether there is a conversation: a visitor who has not written needs no connection. */
	hasBegun(): boolean;
	/** Runs the conversation in this tab until `signal` is aborted. `isHeir`: from the state that another one had last. */
	start(signal: AbortSignal, isHeir: boolean): Engine;
	/** The action has been carried out, in whatever tab. */
	done(action: Action): void;
}

export interface Shared {
	act(...action: Action): void;
}

/** What a tab that takes over must hear again. */
const LASTING = /identify|describe|sync/;

/** Whether tabs can share a connection: not on plain http pages. */
export function canShare(): boolean {
	return !!navigator.locks && typeof BroadcastChannel === "function";
}

function perform(engine: Engine, [method, ...args]: Action): void {
	(engine[method] as (...all: unknown[]) => void)(...args);
}

export function share({ store, name, signal, hasBegun, start, done }: ShareParts): Shared {
	const me = randomId();
	const waiting = new Map<number, Action>();
	const lasting = new Map<string, Action>();
	let count = 0;
	let engine: Engine | null = null;
	/** The tab that runs the conversation; "": not known. */
	let owner = "";
	/** Another tab has run the conversation, or this one before it was frozen. */
	let isHeir = false;
	let last = store.get();
	let life = new AbortController();
	/** Open while the page lives: a message to a page that is kept for the Back button would evict it. */
	let channel: BroadcastChannel | null = null;
	const say = (said: Said) => channel?.postMessage(said);

	function finish(n: number): void {
		const action = waiting.get(n);
		waiting.delete(n);
		if (action) done(action);
	}

	/** To the tab that runs the conversation now. */
	function pass(n: number, action: Action): void {
		if (!engine) {
			say({ type: "act", from: me, n, action });
			return;
		}
		perform(engine, action);
		finish(n);
	}

	function passAll(): void {
		for (const action of lasting.values()) pass(0, action);
		for (const [n, action] of [...waiting]) pass(n, action);
	}

	const tell = () => say({ type: "state", from: me, state: store.get() });

	/** Runs the conversation until this tab is closed or frozen, if it is not yet. */
	function own(): Promise<void> {
		const { signal: end } = life;
		if (end.aborted) return Promise.resolve();
		// A tab that comes back does not know what the visitor has begun elsewhere.
		engine = start(end, owner !== "");
		owner = me;
		tell();
		// This tab may never have asked for anything, and the state is the other one's.
		if (isHeir && hasBegun()) perform(engine, ["sync"]);
		passAll();
		return new Promise((resolve) => end.addEventListener("abort", () => resolve()));
	}

	function compete(): void {
		channel = new BroadcastChannel(name);
		channel.addEventListener("message", ({ data }) => hear(data));
		life = new AbortController();
		// Rejected if this tab leaves before it is its turn, which ends own() at once, and where the browser forbids the site
		// to store anything: then each tab runs the conversation.
		navigator.locks.request(name, { signal: life.signal }, own).catch(own);
		say({ type: "hello" });
	}

	function leave(): void {
		engine = null;
		owner = "";
		isHeir = true;
		life.abort();
		channel?.close();
		channel = null;
	}

	function mirror(from: string, state: State): void {
		const isNew = owner !== from;
		const { open, unread, messages: all, ...fields } = state;
		const isFirst = last.ended === 0;
		owner = from;
		isHeir = true;
		store.update((own) => apply(own, { fields, all, changes: [] }, isFirst));
		if (isNew) passAll();
	}

	function hear(said: Said): void {
		if (said.type === "done") {
			if (said.to === me) finish(said.n);
		} else if (engine) {
			if (said.type === "hello") tell();
			if (said.type !== "act") return;
			perform(engine, said.action);
			say({ type: "done", to: said.from, n: said.n });
		} else if (said.type === "state") mirror(said.from, said.state);
		else if (said.type === "patch" && said.from === owner)
			store.update((own) => apply(own, said.patch));
	}

	store.subscribe((state) => {
		const patch = engine && diff(last, state);
		last = state;
		if (patch) say({ type: "patch", from: me, patch });
	});
	// A page that is kept for the Back button is frozen, and hears nothing.
	const options = { signal };
	addEventListener("pagehide", leave, options);
	document.addEventListener("freeze", leave, options);
	const back = () => life.signal.aborted && compete();
	addEventListener("pageshow", back, options);
	document.addEventListener("resume", back, options);
	signal.addEventListener("abort", leave);
	compete();

	return {
		act(...action) {
			if (LASTING.test(action[0])) lasting.set(action[0], action);
			waiting.set(++count, action);
			pass(count, action);
		},
	};
}

/** Each tab for itself. */
export function alone({ signal, start, done }: ShareParts): Shared {
	const engine = start(signal, false);
	return {
		act(...action) {
			perform(engine, action);
			done(action);
		},
	};
}
