// Which contact details visitors are asked for.

import type { Fields } from "../bind";
import { CONTACT_NAMES, type ContactName, collected } from "../form-value";
import { Section } from "../section";
import { t } from "../texts";
import { Check } from "./check";
import { ChoiceField } from "./choice";

const LABELS = { name: "contactName", email: "contactEmail", phone: "contactPhone" } as const;

export function Contact({ fields }: { readonly fields: Fields }) {
	const { value, errors, set, wrong } = fields;
	const mode = value.contact_info_mode;
	const all = collected(value);
	const required = value["settings.requiredFields"] ?? all;

	function require(name: ContactName, isOn: boolean) {
		const others = required.filter((one) => one !== name);
		set({ "settings.requiredFields": isOn ? [...others, name] : others });
	}

	return (
		<Section
			title={t("contact")}
			hint={t("contactHint")}
			wrong={wrong(
				"contact_info_mode",
				"collect_name",
				"collect_email",
				"collect_phone",
				"settings.requiredFields",
			)}
		>
			<ChoiceField
				label={t("contactMode")}
				value={mode}
				error={errors.contact_info_mode}
				onValue={(next) => set({ contact_info_mode: next })}
				hint={
					mode === "required"
						? t("contactRequiredHint")
						: mode === "optional"
							? t("contactOptionalHint")
							: undefined
				}
				choices={[
					{ value: "none", text: t("contactNone") },
					{ value: "optional", text: t("contactOptional") },
					{ value: "required", text: t("contactRequired") },
				]}
			/>
			{mode !== "none" && (
				<fieldset class="field">
					<legend class="field-label">{t("contactFields")}</legend>
					<div class="checks">
						{CONTACT_NAMES.map((name) => (
							<Check
								key={name}
								label={t(LABELS[name])}
								isOn={value[`collect_${name}`]}
								onValue={(isOn) => set({ [`collect_${name}`]: isOn })}
							/>
						))}
					</div>
				</fieldset>
			)}
			{mode === "required" && all.length > 1 && (
				<fieldset class="field">
					<legend class="field-label">{t("contactMust")}</legend>
					<div class="checks">
						{all.map((name) => (
							<Check
								key={name}
								label={t(LABELS[name])}
								isOn={required.includes(name)}
								// At least one remains.
								isDisabled={required.length === 1 && required.includes(name)}
								onValue={(isOn) => require(name, isOn)}
							/>
						))}
					</div>
					{errors["settings.requiredFields"] && (
						<p class="field-error">{errors["settings.requiredFields"]}</p>
					)}
				</fieldset>
			)}
		</Section>
	);
}
