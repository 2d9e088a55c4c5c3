// A long text of an agent, with a counter when it comes near the end of what fits.

import type { Agent } from "../../../workerd/api/openapi/openapi";
import { formatNumber } from "../text/texts";
import { TextField } from "../ui/field";
import type { Form } from "../ui/use-form";
import { t } from "./texts";
import { orNull } from "./values";

/** Each with its limit in characters, and the lines of its field. */
const TEXTS = {
	purpose: { label: "purpose", hint: "purposeHint", max: 8000, rows: 5 },
	custom_instructions: { label: "custom", hint: "customHint", max: 8000, rows: 5 },
	restricted_topics: { label: "restricted", hint: "restrictedHint", max: 4000, rows: 3 },
	escalation_instructions: { label: "escalation", hint: "escalationHint", max: 4000, rows: 3 },
	waiting_text: { label: "waitingText", hint: "waitingTextHint", max: 1000, rows: 2 },
	closedText: { label: "closedText", hint: "closedTextHint", max: 1000, rows: 2 },
	handover_text: { label: "handoverText", hint: "handoverTextHint", max: 1000, rows: 2 },
	notFoundText: { label: "notFoundText", hint: "notFoundTextHint", max: 1000, rows: 2 },
} as const;

interface LongTextProps {
	readonly form: Form<Agent>;
	readonly name: keyof typeof TEXTS;
	/** What applies without a text. */
	readonly placeholder?: string;
}

/** From this part of the maximum on, the counter is shown. */
const NEAR = 0.8;

export function LongText({ form, name, placeholder = "" }: LongTextProps) {
	const { label, hint, max, rows } = TEXTS[name];
	const value = form.value[name] ?? "";
	// The server counts characters, not UTF-16 units.
	const length = [...value].length;
	return (
		<TextField
			label={t(label)}
			hint={t(hint)}
			value={value}
			onValue={(text) => form.set({ [name]: orNull(text) })}
			error={form.errors[name] ?? (length > max ? t("tooLong", { max }) : undefined)}
			aside={length > max * NEAR && `${formatNumber(length)} / ${formatNumber(max)}`}
			placeholder={placeholder}
			rows={rows}
		/>
	);
}
