// The end of a form in a list: save, cancel, and what <FormBar> says of conflicts and failures.

import { t as common } from "../text/common";
import { Button } from "../ui/button";
import { LeaveGuard } from "../ui/leave-guard";
import type { Form } from "../ui/use-form";

interface FormEndProps {
	readonly form: Pick<Form<object>, "isChanged" | "isSaving" | "problem" | "conflict" | "settle">;
	readonly isNew: boolean;
	readonly onCancel: () => void;
}

export function FormEnd({ form, isNew, onCancel }: FormEndProps) {
	const { isChanged, isSaving, problem, conflict, settle } = form;
	return (
		<div>
			{isChanged && <LeaveGuard />}
			{conflict && (
				<div class="form-conflict" role="alert">
					<p>{common("conflict")}</p>
					<div class="form-actions">
						<Button isSmall onClick={() => settle("theirs")}>
							{common("conflictTheirs")}
						</Button>
						<Button isSmall onClick={() => settle("mine")}>
							{common("conflictMine")}
						</Button>
					</div>
				</div>
			)}
			<p class="field-error" role="alert">
				{problem}
			</p>
			<div class="form-actions">
				<Button onClick={onCancel}>{common("cancel")}</Button>
				<Button kind="main" type="submit" isBusy={isSaving} disabled={!isNew && !isChanged}>
					{isNew ? common("create") : common("save")}
				</Button>
			</div>
		</div>
	);
}
