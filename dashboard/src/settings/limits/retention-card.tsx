// How long the conversations of each widget are kept.

import type { Widget } from "../../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../../api/desk";
import { ApiError } from "../../api/errors";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { widgetName } from "../../text/widget-name";
import { Card } from "../../ui/card";
import { TextField } from "../../ui/field";
import { FormBar } from "../../ui/form-bar";
import { useForm } from "../../ui/use-form";
import { t } from "../texts";

const DAYS_MAX = 36_500;

interface RetentionCardProps {
	readonly widgets: readonly Widget[];
	readonly onSaved: () => Promise<void>;
}

/** The server's own setting; only the owners of the first organization may read it. */
function useServerDays(): string | null {
	const { data } = useData("server", (api) => ({
		load: (signal) => api.read("/v1/admin/server", { signal }),
		kinds: [],
	}));
	return data?.settings.find(({ name }) => name === "RETENTION_DAYS")?.value ?? null;
}

export function RetentionCard({ widgets, onSaved }: RetentionCardProps) {
	const days = useServerDays();
	const usual =
		days === null
			? t("retentionUsual")
			: Number(days) === 0
				? t("retentionForever")
				: t("retentionUsualDays", { count: Number(days) });
	return (
		<Card title={t("retention")} hint={t("retentionHint", { usual })}>
			{widgets.length === 0 && <p class="quiet">{t("retentionNone")}</p>}
			{widgets.map((one) => (
				<RetentionForm key={one.id} widget={one} onSaved={onSaved} />
			))}
		</Card>
	);
}

interface RetentionFormProps {
	readonly widget: Widget;
	readonly onSaved: () => Promise<void>;
}

const textOf = ({ retention_days }: Pick<Widget, "retention_days">): string =>
	retention_days === null ? "" : String(retention_days);

function daysOf(text: string): number | null {
	if (text.trim() === "") return null;
	const days = Number(text);
	if (Number.isInteger(days) && days >= 1 && days <= DAYS_MAX) return days;
	throw new ApiError("refused", 422, "", {
		fields: { retention_days: t("retentionInvalid", { max: DAYS_MAX }) },
	});
}

function RetentionForm({ widget, onSaved }: RetentionFormProps) {
	const { api } = useDesk();
	const path = { widgetId: widget.id };
	const form = useForm<{ readonly days: string }>({
		initial: { data: { days: textOf(widget) }, etag: `"${widget.updated_at}"` },
		draft: `retention-form:${widget.id}`,
		receive: (record) => ({ days: textOf(record as Widget) }),
		async send(_, { days }, ifMatch) {
			const body = { retention_days: daysOf(days) };
			const saved = await api.put("/v1/admin/widgets/{widgetId}", { path, body, ifMatch });
			void onSaved();
			toast({ text: common("saved") });
			return { data: { days: textOf(saved) }, etag: `"${saved.updated_at}"` };
		},
	});
	return (
		<form
			class="retention"
			noValidate
			onSubmit={(event) => {
				event.preventDefault();
				// The button that saves vanishes with the changes.
				event.currentTarget.querySelector("input")?.focus();
				void form.save();
			}}
		>
			<TextField
				label={widgetName(widget)}
				type="number"
				min={1}
				max={DAYS_MAX}
				placeholder={t("retentionAsServer")}
				aside={t("inDays")}
				value={form.value.days}
				error={form.errors.retention_days}
				onValue={(days) => form.set({ days })}
			/>
			{(form.isChanged || form.problem) && <FormBar form={form} />}
		</form>
	);
}
