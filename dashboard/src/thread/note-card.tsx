// A note: only operators see it.

import type { Note } from "../../../workerd/api/openapi/openapi";
import { useMe, useRight } from "../shell/me";
import { IconButton } from "../ui/button";
import { TimeStamp } from "../ui/time-stamp";
import { PlainText } from "./row";
import { t } from "./texts";

interface NoteCardProps {
	readonly note: Note;
	/** Nothing where the author and the time stand above. */
	readonly time?: string;
	/** Asks first. */
	readonly onDelete: () => void;
}

export function noteAuthor({ authorName }: Note): string {
	return authorName ?? t("someone");
}

export function NoteCard({ note, time, onDelete }: NoteCardProps) {
	const isOwn = useMe().data?.user?.id === note.author;
	const mayDelete = useRight("delete") || isOwn;
	return (
		<div class="note-card">
			<PlainText text={note.text} />
			<div class="note-foot">
				{time && (
					<span>
						{noteAuthor(note)} · <TimeStamp at={note.createdAt} text={time} />
					</span>
				)}
				{mayDelete && <IconButton name="trash" label={t("deleteNote")} onClick={onDelete} />}
			</div>
		</div>
	);
}
