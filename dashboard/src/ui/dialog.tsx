// A modal dialog: the browser keeps the focus in it, and closes it with Escape; the focus goes
// back to where it was.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/errors";
import { t } from "../text/common";
import { describe } from "../text/describe";
import { Button, IconButton } from "./button";
import { addDialog } from "./dialogs";
import { rememberFocus } from "./give-back-focus";

interface DialogProps {
	readonly title: string;
	readonly onClose: () => void;
	readonly children: ComponentChildren;
	readonly isWide?: boolean;
}

const FIELDS = "input:not([type=radio], [type=checkbox], [hidden], [readonly]), textarea";

/** Where a form begins: at what is missing, or at its first field. */
function firstField(dialog: HTMLElement | null): HTMLElement | undefined {
	const fields = [...(dialog?.querySelectorAll<HTMLInputElement>(FIELDS) ?? [])];
	return fields.find(({ required, value }) => required && value === "") ?? fields[0];
}

/** Open while it is rendered. */
export function Dialog({ title, onClose, children, isWide }: DialogProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => {
		const node = dialog.current;
		const giveBack = rememberFocus();
		node?.showModal();
		const remove = node ? addDialog(node) : () => {};
		// Not at the button that closes the dialog.
		firstField(node)?.focus();
		// The browser gives it back only if the dialog is closed before it is removed.
		return () => {
			remove();
			queueMicrotask(giveBack);
		};
	}, []);
	return (
		<dialog
			class={isWide ? "dialog dialog-wide" : "dialog"}
			ref={dialog}
			aria-labelledby={id}
			onCancel={(event) => {
				event.preventDefault();
				onClose();
			}}
			// A click on the backdrop has the dialog itself as target.
			onMouseDown={(event) => event.target === dialog.current && onClose()}
		>
			<div class="dialog-body">
				<div class="dialog-head">
					<h2 id={id}>{title}</h2>
					<IconButton name="close" label={t("close")} onClick={onClose} />
				</div>
				{children}
			</div>
		</dialog>
	);
}

interface ConfirmProps {
	readonly title: string;
	/** Says what will happen, and what cannot be undone. */
	readonly children: ComponentChildren;
	readonly action: string;
	readonly isDangerous?: boolean;
	/** Closes the dialog when it has succeeded; a failure is shown in it. */
	readonly onConfirm: () => Promise<unknown>;
	readonly onClose: () => void;
}

export function Confirm(props: ConfirmProps) {
	const { title, children, action, isDangerous, onConfirm, onClose } = props;
	const [isBusy, setBusy] = useState(false);
	const [error, setError] = useState("");

	async function confirm() {
		setBusy(true);
		setError("");
		try {
			await onConfirm();
			onClose();
		} catch (reason) {
			setError(describe(ApiError.from(reason)));
			setBusy(false);
		}
	}

	return (
		<Dialog title={title} onClose={onClose}>
			<div class="dialog-text">{children}</div>
			<p class="field-error" role="alert">
				{error}
			</p>
			<div class="dialog-actions">
				<Button onClick={onClose}>{t("cancel")}</Button>
				<Button kind={isDangerous ? "danger" : "main"} isBusy={isBusy} onClick={confirm}>
					{action}
				</Button>
			</div>
		</Dialog>
	);
}
