// What is known besides the messages: the contact, the visit, tags, notes, earlier conversations. A column beside the
// messages, or a drawer over them.

import type { Conversation, Note } from "../../../workerd/api/openapi/openapi";
import { t as common } from "../text/common";
import { IconButton } from "../ui/button";
import { Skeleton } from "../ui/skeleton";
import { ContactPart } from "./contact-part";
import { EarlierPart } from "./earlier-part";
import { NotesPart } from "./notes-part";
import { TagsPart } from "./tags-part";
import { t } from "./texts";
import type { Actions } from "./use-actions";
import { VisitPart } from "./visit-part";

interface SidePanelProps {
	readonly conversation: Conversation | null;
	/** It could not be loaded, as the messages say. */
	readonly isFailed: boolean;
	readonly notes: readonly Note[] | null;
	readonly actions: Actions;
	readonly onDeleteNote: (note: Note) => void;
	/** A drawer can be closed. */
	readonly onClose: (() => void) | null;
}

export function SidePanel(props: SidePanelProps) {
	const { conversation, isFailed, notes, actions, onDeleteNote, onClose } = props;
	return (
		<section class="side" aria-label={t("sidePanel")} id="thread-side">
			{onClose && (
				<div class="side-head">
					<h2>{t("sidePanel")}</h2>
					<IconButton name="close" label={common("close")} onClick={onClose} />
				</div>
			)}
			{conversation ? (
				<>
					<ContactPart conversation={conversation} />
					<TagsPart conversation={conversation} actions={actions} />
					<NotesPart
						id={conversation._id}
						notes={notes}
						actions={actions}
						onDelete={onDeleteNote}
					/>
					<VisitPart conversation={conversation} />
					<EarlierPart conversation={conversation} />
				</>
			) : (
				!isFailed && <Skeleton kind="form" rows={5} />
			)}
		</section>
	);
}
