// Who else has the conversation open or writes in it. Each browser says so itself, again and again; what it said is
// valid for a while.

import type { LivePresence } from "../../../workerd/api/openapi/openapi";
import type { Surroundings } from "../api/surroundings";

export type Doing = LivePresence["doing"];

export interface Present {
	readonly id: string;
	/** Empty: not known. */
	readonly name: string;
	readonly isWriting: boolean;
}

export interface Presence {
	get(): readonly Present[];
	/** `ownId`: of the one who looks. */
	hear(event: LivePresence, ownId: string | null): void;
	/** The user types. */
	write(): void;
	/** The user has sent the text, or removed it. */
	pause(): void;
	/** Begins to tell; returns the function that ends it. */
	open(): () => void;
}

interface Parts {
	readonly around: Surroundings;
	tell(doing: Doing): void;
	changed(): void;
}

const VALID_MS = 30_000;
const EVERY_MS = 20_000;
/** Without a key pressed, nobody writes any more. */
const WRITING_MS = 5_000;

export function createPresence({ around, tell, changed }: Parts): Presence {
	const others = new Map<string, Present>();
	const expiries = new Map<string, () => void>();
	let doing: Doing = "left";
	let cancel = () => {};
	let cancelWriting = () => {};

	function say(next: Doing) {
		doing = next;
		cancel();
		tell(next);
		if (next !== "left") cancel = around.after(EVERY_MS, () => say(doing));
	}

	function forget(id: string) {
		expiries.get(id)?.();
		expiries.delete(id);
		if (others.delete(id)) changed();
	}

	function pause() {
		cancelWriting();
		if (doing === "writing") say("viewing");
	}

	return {
		get: () => [...others.values()],
		hear({ operator: { id = "", name }, doing: what }, ownId) {
			if (id === ownId) return;
			if (what === "left") {
				forget(id);
				return;
			}
			const known = others.get(id);
			const isWriting = what === "writing";
			expiries.get(id)?.();
			expiries.set(
				id,
				around.after(VALID_MS, () => forget(id)),
			);
			if (known?.name === name && known.isWriting === isWriting) return;
			others.set(id, { id, name, isWriting });
			changed();
			// So that the other one sees at once who is here.
			if (!known && doing !== "left") tell(doing);
		},
		write() {
			cancelWriting();
			if (doing === "viewing") say("writing");
			cancelWriting = around.after(WRITING_MS, pause);
		},
		pause,
		open() {
			const update = () => {
				const isHere = around.isVisible();
				if (isHere !== (doing !== "left")) say(isHere ? "viewing" : "left");
			};
			update();
			const unwatch = around.onChange(update);
			return () => {
				unwatch();
				cancel();
				cancelWriting();
				if (doing !== "left") tell("left");
				doing = "left";
				for (const id of [...others.keys()]) forget(id);
			};
		},
	};
}
