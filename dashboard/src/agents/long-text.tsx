// A long text of an agent, with a counter when it comes near the end of what fits.

import type { Agent } from "../../../workerd/api/openapi/openapi";
import { formatNumber } from "../text/texts";
import { TextField } from "../ui/field";
import type { Form } from "../ui/use-form";
import { t } from "./texts";
import { orNull } from "./values";

type TextName =
	| "purpose"
	| "custom_instructions"
	| "escalation_instructions"
	| "restricted_topics"
	| "handover_text"
	| "waiting_text";

interface LongTextProps {
	readonly form: Form<Agent>;
	readonly name: TextName;
	readonly label: string;
	readonly hint: string;
	readonly placeholder?: string;
	readonly max: number;
	readonly rows: number;
}

/** From this part of the maximum on, the counter is shown. */
const NEAR = 0.8;

export function LongText({ form, name, label, hint, placeholder = "", max, rows }: LongTextProps) {
	const value = form.value[name] ?? "";
	// The server counts characters, not UTF-16 units.
	const length = [...value].length;
	return (
		<TextField
			label={label}
			hint={hint}
			value={value}
			onValue={(text) => form.set({ [name]: orNull(text) })}
			error={form.errors[name] ?? (length > max ? t("tooLong", { max }) : undefined)}
			aside={length > max * NEAR && `${formatNumber(length)} / ${formatNumber(max)}`}
			placeholder={placeholder}
			rows={rows}
		/>
	);
}
