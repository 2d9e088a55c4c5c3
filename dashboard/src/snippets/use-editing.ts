// A row of a list that becomes a form: the record is read again for its ETag, and so that the form begins with what it is
// now.

import { useState } from "preact/hooks";
import type { Answer } from "../api/client";
import { toastError } from "../shell/toasts";

interface Editing<T> {
	/** Null: the row is shown. */
	readonly record: Answer<T> | null;
	begin(): void;
	end(): void;
}

export function useEditing<T>(read: () => Promise<Answer<T>>): Editing<T> {
	const [record, setRecord] = useState<Answer<T> | null>(null);
	return {
		record,
		begin() {
			read().then(setRecord, toastError);
		},
		end: () => setRecord(null),
	};
}
