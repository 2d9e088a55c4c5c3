// The widget's own working hours, in place of the organization's.

import { HoursFields, usualHours } from "../../hours";
import { SwitchField } from "../../ui/field";
import type { Fields } from "../bind";
import { Section } from "../section";
import { t } from "../texts";

export function Hours({ fields: { value, errors, set, wrong } }: { readonly fields: Fields }) {
	return (
		<Section title={t("hours")} hint={t("hoursHint")} wrong={wrong("hours")}>
			<SwitchField
				label={t("hoursOwn")}
				hint={t("hoursOwnHint")}
				isOn={value.hours !== null}
				onValue={(isOn) => set({ hours: isOn ? usualHours() : null })}
			/>
			{value.hours && (
				<HoursFields value={value.hours} errors={errors} onValue={(hours) => set({ hours })} />
			)}
		</Section>
	);
}
