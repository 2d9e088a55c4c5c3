// The form of an entry in a list: its first field has the focus.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Answer } from "../api/client";
import { t as common } from "../text/common";
import { RecordForm } from "../ui/record-form";
import { type Form, useForm } from "../ui/use-form";

/** What the forms of all entries are given. */
export interface EntryFormProps<T> {
	/** null: the entry is new. */
	readonly id: string | null;
	readonly initial: Answer<T>;
	readonly onClose: () => void;
	/** Settles when the list shows what was saved. */
	readonly onSaved: () => Promise<void>;
}

interface Parts<T> extends EntryFormProps<T> {
	/** The name of its unsaved changes. */
	readonly draft: string;
	create(value: T): Promise<T>;
	change(id: string, changes: Partial<T>, ifMatch: string | undefined): Promise<Answer<T>>;
	readonly children: (form: Form<T>) => ComponentChildren;
}

export function EntryForm<T extends object>(props: Parts<T>) {
	const { id, initial, draft, create, change, onClose, onSaved, children } = props;
	const box = useRef<HTMLDivElement>(null);
	// Before the form is painted: later, it would take the focus from a field in which somebody already writes.
	useLayoutEffect(() => box.current?.querySelector("input")?.focus(), []);
	const form = useForm<T>({
		initial,
		draft,
		async send(changes, value, ifMatch) {
			if (id !== null) return change(id, changes, ifMatch);
			return { data: await create(value), etag: undefined };
		},
	});

	return (
		<div ref={box}>
			<RecordForm
				form={form}
				action={id === null ? common("create") : common("save")}
				isNew={id === null}
				isInline
				onCancel={onClose}
				onSaved={() => void onSaved().then(onClose)}
			>
				{children(form)}
			</RecordForm>
		</div>
	);
}
