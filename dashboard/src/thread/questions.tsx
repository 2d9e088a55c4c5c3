// Asks before something is deleted.

import type { Note } from "../../../workerd/api/openapi/openapi";
import { t as common } from "../text/common";
import { Confirm } from "../ui/dialog";
import { t } from "./texts";

interface QuestionProps {
	readonly onConfirm: () => Promise<unknown>;
	readonly onClose: () => void;
}

export function DeleteConversation({ name, ...actions }: QuestionProps & { name: string }) {
	return (
		<Confirm title={t("deleteAsk", { name })} action={common("delete")} isDangerous {...actions}>
			<p>{t("deleteWhat")}</p>
			<ul class="delete-list">
				<li>{t("deleteMessages")}</li>
				<li>{t("deleteNotes")}</li>
			</ul>
			<p>{t("deleteKeeps")}</p>
		</Confirm>
	);
}

export function DeleteNote({ note, ...actions }: QuestionProps & { note: Note }) {
	return (
		<Confirm title={t("deleteNoteAsk")} action={common("delete")} isDangerous {...actions}>
			<p class="delete-quote" dir="auto">
				{note.text}
			</p>
		</Confirm>
	);
}
