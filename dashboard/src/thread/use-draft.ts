// What is being written: a reply or a note, each with a draft that survives reloads; and who hears of it. The thread
// does not render again with each key: only the composer reads the text.

import { useEffect, useMemo, useReducer, useRef } from "preact/hooks";
import { useDesk, useKept } from "../api/desk";
import { createDrafts, type Drafts, type Mode } from "./drafts";
import type { Presence } from "./presence";

/** The visitor's page shows for six seconds that somebody writes. */
const TYPING_EVERY_MS = 4_000;

export interface Draft {
	mode(): Mode;
	text(): string;
	setMode(mode: Mode): void;
	setText(text: string): void;
	/** All that is written and not sent. */
	texts(): string[];
	/** After `text` was sent; what has been written since stays. */
	clear(mode: Mode, text: string): void;
	/** Returns the function that ends it. */
	watch(changed: () => void): () => void;
}

interface Heard {
	/** A reply is being written by the one who has the conversation. */
	onTyping(): void;
	/** A reply; nobody else answers in a note. */
	onWriting(isWriting: boolean): void;
}

function createDraft(drafts: Drafts, id: string, heard: Heard): Draft {
	const watchers = new Set<() => void>();
	let mode: Mode = "reply";
	let text = drafts.read(id, mode);

	function show(nextMode: Mode, nextText: string) {
		mode = nextMode;
		text = nextText;
		for (const changed of watchers) changed();
	}

	function setText(next: string) {
		drafts.write(id, mode, next);
		heard.onWriting(mode === "reply" && next !== "");
		if (mode === "reply" && next.trim() !== "") heard.onTyping();
		show(mode, next);
	}

	return {
		mode: () => mode,
		text: () => text,
		setMode: (next) => next !== mode && show(next, drafts.read(id, next)),
		setText,
		texts: () =>
			(["reply", "note"] as const).map((one) => drafts.read(id, one)).filter((one) => one !== ""),
		clear(sentMode, sent) {
			if (mode === sentMode) {
				if (text.trim() === sent) setText("");
			} else if (drafts.read(id, sentMode).trim() === sent) drafts.write(id, sentMode, "");
		},
		watch(changed) {
			watchers.add(changed);
			return () => void watchers.delete(changed);
		},
	};
}

/** `presence` shows the other operators who writes. */
export function useDraft(user: string, id: string, isOperator: boolean, presence: Presence): Draft {
	const { api } = useDesk();
	const drafts = useKept(`drafts ${user}`, () => createDrafts(localStorage, user));
	const now = useRef({ isOperator, presence });
	now.current = { isOperator, presence };
	return useMemo(() => {
		let last = 0;
		return createDraft(drafts, id, {
			onTyping() {
				if (!now.current.isOperator || Date.now() - last < TYPING_EVERY_MS) return;
				last = Date.now();
				const path = { conversationId: id };
				// Nobody misses it.
				api.post("/v1/admin/conversations/{conversationId}/typing", { path }).catch(() => {});
			},
			onWriting(isWriting) {
				if (isWriting) now.current.presence.write();
				else now.current.presence.pause();
			},
		});
	}, [id]);
}

/** Renders the component again when the draft changes. */
export function useDraftChanges(draft: Draft): void {
	const [, changed] = useReducer((n: number) => n + 1, 0);
	useEffect(() => draft.watch(() => changed(undefined)), [draft]);
}
