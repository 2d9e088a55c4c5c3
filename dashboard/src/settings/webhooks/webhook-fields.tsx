// The fields of a webhook.

import { useEffect } from "preact/hooks";
import type { Webhook } from "../../../../workerd/api/openapi/openapi";
import { useWidgets } from "../../shell/all-widgets";
import { widgetName } from "../../text/widget-name";
import { Segments, SelectField, TextField } from "../../ui/field";
import { t } from "../texts";
import { KINDS, type Kind, kindName } from "./kinds";

export type Editable = Pick<Webhook, "url" | "format" | "widget_id" | "kinds" | "enabled">;

const HINTS = {
	json: "formatJsonHint",
	slack: "formatChatHint",
	discord: "formatChatHint",
	channel: "formatChannelHint",
} as const;

interface WebhookFieldsProps {
	/** Of a webhook that exists. */
	readonly id?: string;
	readonly value: Editable;
	readonly errors: Readonly<Record<string, string>>;
	readonly set: (change: Partial<Editable>) => void;
}

export function WebhookFields({ id, value, errors, set }: WebhookFieldsProps) {
	const { url, format, kinds, widget_id } = value;
	return (
		<>
			<div class="field">
				<span class="field-label" aria-hidden="true">
					{t("webhookFormat")}
				</span>
				<div>
					<Segments<Editable["format"]>
						label={t("webhookFormat")}
						value={format}
						choices={[
							{ value: "json", text: "JSON" },
							{ value: "slack", text: "Slack" },
							{ value: "discord", text: "Discord" },
							{ value: "channel", text: t("formatChannel") },
						]}
						onValue={(next) =>
							set({ format: next, widget_id: next === "channel" ? widget_id : null })
						}
					/>
				</div>
				<p class="field-hint">{t(HINTS[format])}</p>
				{errors.format && <p class="field-error">{errors.format}</p>}
			</div>
			<TextField
				label={t("webhookUrl")}
				hint={t("webhookUrlHint")}
				type="url"
				isMono
				autocomplete="off"
				placeholder="https://"
				maxLength={2048}
				value={url}
				error={errors.url}
				onValue={(next) => set({ url: next })}
			/>
			{format === "channel" && (
				<WidgetField
					id={id}
					value={widget_id}
					error={errors.widget_id}
					onValue={(next) => set({ widget_id: next })}
				/>
			)}
			{format === "json" && (
				<KindsField kinds={kinds} error={errors.kinds} onValue={(next) => set({ kinds: next })} />
			)}
		</>
	);
}

interface WidgetFieldProps {
	readonly id: string | undefined;
	readonly value: string | null;
	readonly error: string | undefined;
	readonly onValue: (widget: string) => void;
}

/** Whose agent answers the people of a channel; the first widget until another one is chosen. */
function WidgetField({ id, value, error, onValue }: WidgetFieldProps) {
	const { data: widgets } = useWidgets();
	const first = widgets?.[0]?.id;
	useEffect(() => {
		if (value === null && first !== undefined) onValue(first);
	});
	const address = `${location.origin}/v1/channels/${id}/messages`;
	return (
		<SelectField
			label={t("channelWidget")}
			hint={id && t("channelAddress", { address })}
			error={error}
			value={value ?? ""}
			choices={(widgets ?? []).map((one) => ({ value: one.id, text: widgetName(one) }))}
			onValue={onValue}
		/>
	);
}

interface KindsFieldProps {
	readonly kinds: readonly Kind[];
	readonly error: string | undefined;
	readonly onValue: (kinds: Kind[]) => void;
}

function KindsField({ kinds, error, onValue }: KindsFieldProps) {
	const toggle = (kind: Kind, isOn: boolean) =>
		onValue(KINDS.filter((one) => (one === kind ? isOn : kinds.includes(one))));
	return (
		<fieldset class="field" aria-describedby={error ? "kinds-error" : undefined}>
			<legend class="field-label">{t("webhookKinds")}</legend>
			<div class="settings-checks">
				{KINDS.map((kind) => (
					<label class="settings-check" key={kind}>
						<input
							type="checkbox"
							checked={kinds.includes(kind)}
							onChange={(event) => toggle(kind, event.currentTarget.checked)}
						/>
						<span>{kindName(kind)}</span>
					</label>
				))}
			</div>
			{error && (
				<p class="field-error" id="kinds-error">
					{error}
				</p>
			)}
		</fieldset>
	);
}
