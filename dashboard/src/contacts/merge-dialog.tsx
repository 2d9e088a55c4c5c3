// Makes two contacts one: first selects the other one, then shows what remains.

import { useState } from "preact/hooks";
import type { Contact } from "../../../workerd/api/openapi/openapi";
import { forgetLists, useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { toast } from "../shell/toasts";
import { describe } from "../text/describe";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { CONTACT_LISTS } from "./data";
import { MergePicker } from "./merge-picker";
import { MergeResult } from "./merge-result";
import { nameOf } from "./names";
import { t } from "./texts";

interface MergeDialogProps {
	/** The one that remains. */
	readonly contact: Contact;
	/** Reads the contact again. */
	readonly onMerged: () => Promise<void>;
	readonly onClose: () => void;
}

export function MergeDialog({ contact, onMerged, onClose }: MergeDialogProps) {
	const desk = useDesk();
	const { api } = desk;
	const [other, setOther] = useState<Contact | null>(null);
	const [isBusy, setBusy] = useState(false);
	const [problem, setProblem] = useState("");
	const name = nameOf(contact) ?? t("nameless");

	async function merge(from: Contact) {
		setBusy(true);
		setProblem("");
		try {
			await api.post("/v1/admin/contacts/{contactId}/merge", {
				path: { contactId: contact.id },
				body: { contactId: from.id },
			});
			toast({ text: t("merged", { name: nameOf(from) ?? t("nameless") }) });
			forgetLists(desk, CONTACT_LISTS);
			await onMerged();
			onClose();
		} catch (reason) {
			const error = ApiError.from(reason);
			setProblem(error.code === "merging" ? t("mergeBusy") : describe(error));
			setBusy(false);
		}
	}

	return (
		<Dialog title={t("mergeTitle", { name })} onClose={onClose} isWide>
			{other ? (
				<>
					<MergeResult kept={contact} other={other} />
					<p class="field-error" role="alert">
						{problem}
					</p>
					<div class="dialog-actions">
						<Button
							onClick={() => {
								setOther(null);
								setProblem("");
							}}
						>
							{t("mergeOther")}
						</Button>
						<Button kind="main" isBusy={isBusy} onClick={() => void merge(other)}>
							{t("mergeAction")}
						</Button>
					</div>
				</>
			) : (
				<MergePicker contact={contact} onPick={setOther} />
			)}
		</Dialog>
	);
}
