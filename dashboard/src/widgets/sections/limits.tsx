// Which sites may show the widget, how many messages a day, and how long conversations are kept.

import { useIsOwner } from "../../shell/me";
import { t as common } from "../../text/common";
import { formatNumber } from "../../text/texts";
import { TextField } from "../../ui/field";
import { NumberField } from "../../ui/number-field";
import type { Fields } from "../bind";
import { ListField } from "../list-field";
import { MAX, RANGES } from "../rules";
import { Section } from "../section";
import { t } from "../texts";

interface LimitsProps {
	readonly fields: Fields;
	/** Messages of this UTC day; null: not known. */
	readonly today: number | null;
}

export function Limits({ fields, today }: LimitsProps) {
	const { value, text, number, list, wrong } = fields;
	const isOwner = useIsOwner();
	const used = today === null ? "" : t("usedToday", { count: today });
	return (
		<Section
			title={t("limits")}
			hint={t("limitsHint")}
			wrong={wrong("allowed_origins", "daily_message_cap", "retention_days", "budget_text")}
		>
			<ListField
				label={t("origins")}
				hint={t("originsHint")}
				entry={t("origin")}
				action={t("addOrigin")}
				placeholder="https://shop.example"
				max={MAX.origins}
				maxLength={300}
				{...list("allowed_origins")}
			/>
			<div class="form-row">
				<NumberField
					label={t("cap")}
					hint={`${t("capHint")} ${used}`}
					placeholder={t("unlimited")}
					range={RANGES.daily_message_cap}
					{...number("daily_message_cap")}
				/>
				<NumberField
					label={t("retention")}
					hint={isOwner ? t("retentionHint") : `${t("retentionHint")} ${common("ownersOnly")}`}
					disabled={!isOwner}
					placeholder={t("retentionDefault")}
					range={RANGES.retention_days}
					{...number("retention_days")}
				/>
			</div>
			{today !== null && value.daily_message_cap !== null && value.daily_message_cap > 0 && (
				<div class="meter-line">
					<meter
						class="meter"
						aria-label={t("usedToday", { count: today })}
						max={value.daily_message_cap}
						value={Math.min(today, value.daily_message_cap)}
					/>
					<span class="quiet numeric">
						{formatNumber(today)} / {formatNumber(value.daily_message_cap)}
					</span>
				</div>
			)}
			<TextField
				label={t("budgetText")}
				hint={t("budgetTextHint")}
				rows={2}
				maxLength={MAX.budget_text}
				{...text("budget_text")}
			/>
		</Section>
	);
}
