// The notes in the side panel: all of them, and a field for another.

import { useState } from "preact/hooks";
import type { Note } from "../../../workerd/api/openapi/openapi";
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
	readonly notes: readonly Note[] | null;
	readonly actions: Actions;
	readonly onDelete: (note: Note) => void;
}

export function NotesPart({ notes, actions, onDelete }: NotesPartProps) {
	const now = useNow();
	const [text, setText] = useState("");
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
