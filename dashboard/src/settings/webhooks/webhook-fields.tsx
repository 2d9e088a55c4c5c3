// The fields of a webhook.

import type { Webhook } from "../../../../workerd/api/openapi/openapi";
import { Segments, TextField } from "../../ui/field";
import { t } from "../texts";
import { KINDS, type Kind, kindName } from "./kinds";

export type Editable = Pick<Webhook, "url" | "format" | "kinds" | "enabled">;

interface WebhookFieldsProps {
	readonly value: Editable;
	readonly errors: Readonly<Record<string, string>>;
	readonly set: (change: Partial<Editable>) => void;
}

export function WebhookFields({ value, errors, set }: WebhookFieldsProps) {
	const { url, format, kinds } = value;
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
						]}
						onValue={(next) => set({ format: next })}
					/>
				</div>
				<p class="field-hint">{t(format === "json" ? "formatJsonHint" : "formatChatHint")}</p>
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
			{format === "json" && (
				<KindsField kinds={kinds} error={errors.kinds} onValue={(next) => set({ kinds: next })} />
			)}
		</>
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
