// A row of a list of entries: what it shows, or its form; it can be edited and deleted.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Answer } from "../api/client";
import { t as common } from "../text/common";
import { IconButton } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { t } from "./texts";
import { useEditing } from "./use-editing";

interface EntryRowProps<T> {
	readonly name: string;
	/** The name of the form's unsaved changes. */
	readonly draft: string;
	readonly read: () => Promise<Answer<T>>;
	readonly form: (record: Answer<T>, onClose: () => void) => ComponentChildren;
	/** null: the user may not. */
	readonly remove: (() => Promise<void>) | null;
	/** What a deletion means. */
	readonly warning: ComponentChildren;
	readonly children: ComponentChildren;
}

export function EntryRow<T>(props: EntryRowProps<T>) {
	const { name, draft, read, form, remove, warning, children } = props;
	const editing = useEditing(draft, read);
	const [isDeleting, setDeleting] = useState(false);

	if (editing.record) return <li class="saying-edited">{form(editing.record, editing.end)}</li>;
	return (
		<li class="saying">
			{children}
			<IconButton name="edit" label={t("editName", { name })} onClick={editing.begin} />
			{remove && (
				<IconButton
					name="trash"
					label={t("deleteName", { name })}
					onClick={() => setDeleting(true)}
				/>
			)}
			{remove && isDeleting && (
				<Confirm
					title={t("deleteTitle", { name })}
					action={common("delete")}
					isDangerous
					onConfirm={remove}
					onClose={() => setDeleting(false)}
				>
					{warning}
				</Confirm>
			)}
		</li>
	);
}
