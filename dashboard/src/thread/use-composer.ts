// What is being written: a reply or a note, each with a draft that survives reloads; and who hears of it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Client } from "../api/client";
import { useDesk } from "../api/desk";
import { createDrafts, type Mode } from "./drafts";
import type { Presence } from "./presence";

/** The visitor's page shows for six seconds that somebody writes. */
const TYPING_EVERY_MS = 4_000;

export interface Composer {
	readonly mode: Mode;
	readonly text: string;
	setMode(mode: Mode): void;
	setText(text: string): void;
	/** All that is written and not sent. */
	texts(): string[];
	/** After it was sent. */
	clear(): void;
}

const drafts = createDrafts(localStorage);

/** Tells at most every few seconds that the operator writes. */
function useTyping(id: string, api: Client): () => void {
	const last = useRef(0);
	return () => {
		if (Date.now() - last.current < TYPING_EVERY_MS) return;
		last.current = Date.now();
		api
			.post("/v1/admin/conversations/{conversationId}/typing", { path: { conversationId: id } })
			// Nobody misses it.
			.catch(() => {});
	};
}

/** `presence` shows the other operators who writes. */
export function useComposer(id: string, isOperator: boolean, presence: Presence): Composer {
	const { api } = useDesk();
	const [mode, setMode] = useState<Mode>("reply");
	const [text, setText] = useState(() => drafts.read(id, "reply"));
	const onTyping = useTyping(id, api);
	const write = useMemo(() => (which: Mode, next: string) => drafts.write(id, which, next), [id]);

	useEffect(() => {
		// The same conversation in another tab.
		const onStorage = () => setText((now) => (now === "" ? drafts.read(id, mode) : now));
		window.addEventListener("storage", onStorage);
		return () => window.removeEventListener("storage", onStorage);
	}, [id, mode]);

	return {
		mode,
		text,
		setMode(next) {
			if (next === mode) return;
			setMode(next);
			setText(drafts.read(id, next));
		},
		setText(next) {
			setText(next);
			write(mode, next);
			if (next === "") presence.pause();
			else presence.write();
			if (mode === "reply" && isOperator && next.trim() !== "") onTyping();
		},
		texts: () =>
			(["reply", "note"] as const).map((one) => drafts.read(id, one)).filter((one) => one !== ""),
		clear() {
			setText("");
			write(mode, "");
			presence.pause();
		},
	};
}
