// The end of a form about a record: save, discard, what went wrong, and what to do when somebody else was faster.

import { t } from "../text/common";
import { Button } from "./button";
import { Conflict } from "./conflict";
import type { Form } from "./use-form";

export interface FormBarProps {
	readonly form: Pick<
		Form<object>,
		"isChanged" | "isSaving" | "problem" | "conflict" | "errors" | "reset" | "settle"
	>;
	/** Instead of "Save". */
	readonly action?: string;
	/** A new record can be saved unchanged. */
	readonly isNew?: boolean;
	/** Of a form that was opened: closes it. Default: what was changed can be discarded. */
	readonly onCancel?: () => void;
	/** In a form of a few fields: it does not stick to the edge of the window. */
	readonly isInline?: boolean;
}

/** For buttons that vanish when they are clicked: the focus goes to the one that saves. */
const thenSave = (run: () => void) => (event: MouseEvent) => {
	const bar = (event.currentTarget as HTMLElement).closest(".form-bar");
	run();
	bar?.querySelector<HTMLElement>("[type=submit]")?.focus();
};

/** Inside of a `form` element, whose submit event saves. */
export function FormBar(props: FormBarProps) {
	const { form, action = t("save"), isNew = false, onCancel, isInline = false } = props;
	const { isChanged, isSaving, problem, conflict, errors, reset, settle } = form;
	const count = Object.keys(errors).length;
	const state = isInline ? " form-bar-inline" : isChanged || isNew ? " form-bar-changed" : "";

	function cancel() {
		reset();
		onCancel?.();
	}

	return (
		<div class={`form-bar${state}`}>
			{conflict && (
				<Conflict
					onTheirs={thenSave(() => settle("theirs"))}
					onMine={thenSave(() => settle("mine"))}
				/>
			)}
			<p class="field-error" role="alert">
				{problem || (count > 0 && t("fieldErrors", { count }))}
			</p>
			<div class="form-actions">
				{onCancel ? (
					<Button onClick={cancel}>{t("cancel")}</Button>
				) : (
					isChanged && !isNew && <Button onClick={thenSave(reset)}>{t("discard")}</Button>
				)}
				<Button kind="main" type="submit" isBusy={isSaving} isIdle={!isNew && !isChanged}>
					{isSaving ? t("saving") : action}
				</Button>
			</div>
		</div>
	);
}
