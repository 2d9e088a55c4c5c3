// The contact details that a widget asks for: whether to ask, and what the server says to them.

import type { Frame } from "../net/carrier";
import type { FailureKind } from "../net/failure";
import type { ContactWish } from "../settings";
import type { Details } from "../ui/contact";
import { pauseText, type Words } from "../words";
import type { Refusal } from "./frames";
import { type Contact, type State, setContact } from "./state";
import type { Store } from "./store";

export interface ContactParts {
	readonly store: Store<State>;
	readonly words: Words;
	readonly wish: ContactWish | null;
	/** Whether the visitor declined to give contact details. */
	readonly shyness: { get(): boolean; put(): void };
}

export function createContact(
	{ store, words, wish, shyness }: ContactParts,
	send: (frame: Frame) => void,
) {
	/** What the server has not confirmed yet. */
	let details: Details | null = null;
	/** The server has details of this visitor. */
	let isKnown = false;

	function show(phase: Contact["phase"], problem = ""): void {
		store.update((state) => setContact(state, phase, problem));
	}

	/** The server has what was submitted, if anything was. */
	function saved(): void {
		isKnown = true;
		show("saved", details?.email);
		details = null;
	}

	return {
		/** Whether details are being submitted. */
		isBusy: () => details !== null,
		/** Whether no message can be sent before. The server knows it only of the tag with a widget id. */
		isMissing: () => wish?.required && !isKnown && store.get().contact.phase === "asked",
		/** Asks for details, unless they are known, being submitted, or not wanted. */
		wonder(known: boolean): void {
			const { phase } = store.get().contact;
			const isNews = known && !isKnown;
			isKnown = known;
			if (isNews) saved();
			else if (!details && phase !== (known ? "saved" : "asked")) {
				const isAsked = wish?.required || (wish && !shyness.get());
				show(known ? "saved" : isAsked ? "asked" : "hidden");
			}
		},
		saved,
		introduce(given: Details): void {
			details = given;
			show("sending");
		},
		/** Sends them on a new connection. */
		tell(): void {
			if (!details) return;
			show("sending");
			send({ type: "contact_info", ...details });
		},
		refused({ code, message, fields }: Refusal): void {
			details = null;
			// The required fields may have changed since the page was loaded.
			if (code === "contact_not_asked") show("hidden");
			else store.update((now) => setContact(now, "asked", message, fields));
		},
		/** A message was refused for lack of them. */
		need(): void {
			if (wish && !details) show("asked");
		},
		wait(why: FailureKind = "unreachable"): void {
			if (details) show("sending", pauseText(words, why));
		},
		giveUp(): void {
			if (details) show("asked", words("denied"));
			details = null;
		},
		skip(): void {
			shyness.put();
			show("hidden");
		},
	};
}
