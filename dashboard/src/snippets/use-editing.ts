// A row of a list that becomes a form: the record is read again for its ETag, and so that the form begins with what it is
// now.

import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../api/client";
import { toastError } from "../shell/toasts";
import { useFormDrafts } from "../ui/form-drafts";

interface Editing<T> {
	/** Null: the row is shown. */
	readonly record: Answer<T> | null;
	begin(): void;
	end(): void;
}

/** `draft`: the name of the form's unsaved changes. If there are any, the form is open. */
export function useEditing<T>(draft: string, read: () => Promise<Answer<T>>): Editing<T> {
	const drafts = useFormDrafts();
	const [record, setRecord] = useState<Answer<T> | null>(null);
	const begin = () => void read().then(setRecord, toastError);
	useEffect(() => {
		if (drafts.has(draft)) begin();
	}, []);
	return {
		record,
		begin,
		end: () => setRecord(null),
	};
}
