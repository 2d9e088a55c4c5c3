// The end of a form about a record: save, discard, what went wrong, and what to do when somebody else was faster.

import { t } from "../text/common";
import { Button } from "./button";
import { Conflict } from "./conflict";
import { LeaveGuard } from "./leave-guard";
import type { Form } from "./use-form";

interface FormBarProps {
	readonly form: Pick<
		Form<object>,
		"isChanged" | "isSaving" | "isKept" | "problem" | "conflict" | "errors" | "reset" | "settle"
	>;
	/** Instead of "Save". */
	readonly action?: string;
	/** A new record can be saved unchanged. */
	readonly isNew?: boolean;
}

/** For buttons that vanish when they are clicked: the focus goes to the one that saves. */
const thenSave = (run: () => void) => (event: MouseEvent) => {
	const bar = (event.currentTarget as HTMLElement).closest(".form-bar");
	run();
	bar?.querySelector<HTMLElement>("[type=submit]")?.focus();
};

/** Inside of a `form` element, whose submit event saves. */
export function FormBar({ form, action = t("save"), isNew = false }: FormBarProps) {
	const { isChanged, isSaving, isKept, problem, conflict, errors, reset, settle } = form;
	const count = Object.keys(errors).length;
	return (
		<div class={isChanged || isNew ? "form-bar form-bar-changed" : "form-bar"}>
			{isChanged && !isKept && <LeaveGuard />}
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
				{isChanged && !isNew && <Button onClick={thenSave(reset)}>{t("discard")}</Button>}
				<Button kind="main" type="submit" isBusy={isSaving} isIdle={!isNew && !isChanged}>
					{isSaving ? t("saving") : action}
				</Button>
			</div>
		</div>
	);
}
