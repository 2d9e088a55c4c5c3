// The state of a form about one record: what the user has changed, what the server says of each field, and whether
// somebody else has changed the record meanwhile.

import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../api/client";
import { ApiError } from "../api/errors";
import { describe } from "../text/describe";
import { useFormDrafts } from "./form-drafts";

export interface Form<T> {
	/** The record with the user's changes. */
	readonly value: T;
	/** The record as it was read. */
	readonly saved: T;
	readonly isChanged: boolean;
	readonly isSaving: boolean;
	/** By the names of the fields; as the server's rules say. */
	readonly errors: Readonly<Record<string, string>>;
	/** What went wrong apart from the fields; empty: nothing. */
	readonly problem: string;
	/** The record as somebody else has saved it meanwhile; nothing of it is overwritten until the user decides. */
	readonly conflict: T | null;
	set(change: Partial<T>): void;
	/** Drops the changes of the user. */
	reset(): void;
	/** Settles with whether the record was saved. */
	save(): Promise<boolean>;
	/** After a conflict: continue with the other's record, or with one's own changes of it. */
	settle(keep: "theirs" | "mine"): void;
	/** The record was changed apart from the form: takes the new version, and keeps the user's changes. */
	renew(answer: Answer<T>): void;
}

interface FormOptions<T> {
	/** The record. A later version of it is shown, too, unless the user has changed something. */
	readonly initial: Answer<T>;
	/**
	 * `changes` has only the changed fields, `saved` the record as it was read. The result is the record as the server
	 * has it now.
	 */
	send(changes: Partial<T>, value: T, ifMatch: string | undefined, saved: T): Promise<Answer<T>>;
	/** Unsaved changes stay under this name when the user goes to another page and comes back. */
	readonly draft: string;
	/** What the form has of a record as the server sends it; default: the record itself. */
	receive?(record: unknown): T;
}

/** Unsaved changes, and the version that they change. */
interface Draft<T> {
	readonly saved: Answer<T>;
	readonly changes: Partial<T>;
}

/** The fields that differ. */
export function changesOf<T extends object>(value: Partial<T>, saved: T): Partial<T> {
	const names = Object.keys(value) as Array<keyof T>;
	const isSame = (name: keyof T) => JSON.stringify(value[name]) === JSON.stringify(saved[name]);
	return Object.fromEntries(
		names.filter((name) => !isSame(name)).map((name) => [name, value[name]]),
	) as Partial<T>;
}

/** The changes that were made after `sent` was sent. */
export function changedSince<T extends object>(changes: Partial<T>, sent: T): Partial<T> {
	return changesOf(changes, sent) as Partial<T>;
}

export function useForm<T extends object>(options: FormOptions<T>): Form<T> {
	const { initial, send, receive, draft } = options;
	const drafts = useFormDrafts();
	const [{ saved: first, changes: drafted }] = useState(
		() => (drafts.get(draft) as Draft<T> | undefined) ?? { saved: initial, changes: {} },
	);
	const [saved, setSaved] = useState(first);
	const [changes, setChanges] = useState<Partial<T>>(drafted);
	const [isSaving, setSaving] = useState(false);
	const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
	const [problem, setProblem] = useState("");
	const [conflict, setConflict] = useState<Answer<T> | null>(null);
	const value = { ...saved.data, ...changes };
	const isChanged = Object.keys(changesOf(value, saved.data)).length > 0;

	// Where the user has changed nothing, there is nothing to protect: show what somebody else has saved.
	useEffect(() => {
		if (!isChanged && !isSaving && initial.etag !== undefined) setSaved(initial);
	}, [initial.etag]);

	useEffect(() => {
		if (isChanged) drafts.set(draft, { saved, changes } satisfies Draft<T>);
		else drafts.drop(draft);
	}, [draft, isChanged, saved, changes]);

	function forget() {
		setErrors({});
		setProblem("");
		setConflict(null);
	}

	async function save(): Promise<boolean> {
		if (isSaving) return false;
		setSaving(true);
		forget();
		try {
			const next = await send(changesOf(value, saved.data), value, saved.etag, saved.data);
			// The form may be gone before it renders again.
			drafts.drop(draft);
			setSaved(next);
			// What was typed meanwhile is not saved yet.
			setChanges((now) => changedSince(now, value));
			return true;
		} catch (reason) {
			const error = ApiError.from(reason);
			setErrors(error.fields);
			if (error.isConflict) {
				const { current, etag } = error;
				setConflict({ data: receive ? receive(current) : (current as T), etag });
			} else if (Object.keys(error.fields).length === 0) setProblem(describe(error));
			return false;
		} finally {
			setSaving(false);
		}
	}

	return {
		value,
		saved: saved.data,
		isChanged,
		isSaving,
		errors,
		problem,
		conflict: conflict?.data ?? null,
		set(change) {
			setChanges((before) => ({ ...before, ...change }));
			// The server may name a part of a field: "texts.de.send".
			const isOf = (name: string) =>
				Object.keys(change).some((one) => name === one || name.startsWith(`${one}.`));
			setErrors((before) =>
				Object.fromEntries(Object.entries(before).filter(([name]) => !isOf(name))),
			);
		},
		reset() {
			drafts.drop(draft);
			setChanges({});
			forget();
		},
		save,
		settle(keep) {
			if (conflict) setSaved(conflict);
			if (keep === "theirs") setChanges({});
			forget();
		},
		renew: setSaved,
	};
}
