// The notes in the side panel: all of them, and a field for another.

import { useEffect, useState } from "preact/hooks";
import type { Note } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useNow } from "../hooks/use-now";
import { words } from "../text/words";
import { Button } from "../ui/button";
import { Skeleton } from "../ui/skeleton";
import { NOTE_MAX } from "./composer";
import { NoteCard } from "./note-card";
import { Part } from "./part";
import { t } from "./texts";
import type { Actions } from "./use-actions";

interface NotesPartProps {
	/** Of the conversation. */
	readonly id: string;
	readonly notes: readonly Note[] | null;
	readonly actions: Actions;
	readonly onDelete: (note: Note) => void;
}

export function NotesPart({ id, notes, actions, onDelete }: NotesPartProps) {
	const now = useNow();
	const { kept } = useDesk();
	const key = `side note ${id}`;
	const [text, setText] = useState(() => (kept.get(key) as string | undefined) ?? "");
	// The panel may be closed before the note is added.
	useEffect(() => void kept.set(key, text), [text]);
	const [isBusy, setBusy] = useState(false);

	async function add(event: SubmitEvent) {
		event.preventDefault();
		if (isBusy || text.trim() === "") return;
		setBusy(true);
		// What was typed meanwhile stays.
		if (await actions.addNote(text.trim())) setText((now) => (now === text ? "" : now));
		setBusy(false);
	}

	return (
		<Part title={t("notes")}>
			{notes === null && <Skeleton rows={1} />}
			{notes && notes.length > 0 && (
				<ul class="notes">
					{[...notes].reverse().map((note) => (
						<li key={note.id}>
							<NoteCard
								note={note}
								time={words.relative(note.createdAt, now)}
								onDelete={() => onDelete(note)}
							/>
						</li>
					))}
				</ul>
			)}
			<form class="note-form" onSubmit={add}>
				<textarea
					class="input"
					rows={1}
					dir="auto"
					aria-label={t("noteAddLabel")}
					placeholder={t("noteHint")}
					maxLength={NOTE_MAX}
					value={text}
					onInput={(event) => setText(event.currentTarget.value)}
				/>
				{text.trim() !== "" && (
					<Button type="submit" isSmall isBusy={isBusy}>
						{t("addNote")}
					</Button>
				)}
			</form>
		</Part>
	);
}
