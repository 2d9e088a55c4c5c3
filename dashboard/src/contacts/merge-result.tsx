// What remains when one contact takes in another, before it happens.

import type { Contact } from "../../../workerd/api/openapi/openapi";
import { Badge } from "../ui/badge";
import { type MergedField, mergedFields, nameOf } from "./names";
import { t } from "./texts";

interface MergeResultProps {
	readonly kept: Contact;
	readonly other: Contact;
}

export function MergeResult({ kept, other }: MergeResultProps) {
	const names = { name: nameOf(kept) ?? t("nameless"), other: nameOf(other) ?? t("nameless") };
	return (
		<div class="dialog-text">
			<p>{t("mergeText", names)}</p>
			<dl class="merge-fields">
				{mergedFields(kept, other).map((field) => (
					<div key={field.field}>
						<dt>{t(field.field)}</dt>
						<dd>
							<Value {...field} />
						</dd>
					</div>
				))}
			</dl>
			<p>{t("mergeForever", names)}</p>
		</div>
	);
}

function Value({ value, isTaken, lost }: MergedField) {
	return (
		<>
			<span>{value ?? "–"}</span>
			{isTaken && <Badge tone="good">{t("mergeTaken")}</Badge>}
			{lost !== null && <span class="merge-lost">{t("mergeLost", { value: lost })}</span>}
		</>
	);
}
