// When people answer visitors. A widget may have hours of its own.

import type { Hours, HoursState } from "../../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../../api/desk";
import { ifUnchanged } from "../../api/unchanged";
import { HoursFields, toForm, toServer, usualHours } from "../../hours";
import { toast } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { words } from "../../text/words";
import { Card } from "../../ui/card";
import { SwitchField } from "../../ui/field";
import { RecordForm } from "../../ui/record-form";
import { useForm } from "../../ui/use-form";
import { Loaded } from "../loaded";
import { t } from "../texts";

export function HoursSection() {
	const hours = useData<HoursState>("hours", (api) => ({
		load: (signal) => api.read("/v1/admin/hours", { signal }),
		kinds: ["hours"],
	}));
	return (
		<>
			<p class="settings-lead">{t("hoursLead")}</p>
			<Loaded remote={hours}>{(now) => <HoursForm state={now} onSaved={hours.set} />}</Loaded>
		</>
	);
}

/** What the saved hours mean now. */
function stateText({ hours, open, opensAt, closesAt }: HoursState): string {
	if (hours === null) return t("hoursAlways");
	const at = opensAt ?? closesAt;
	const when = at === null ? "" : words.exact(at);
	if (open) return at === null ? t("hoursAlways") : t("hoursOpen", { when });
	return at === null ? t("hoursNever") : t("hoursClosed", { when });
}

interface HoursFormProps {
	readonly state: HoursState;
	readonly onSaved: (state: HoursState) => void;
}

function HoursForm({ state, onSaved }: HoursFormProps) {
	const { api } = useDesk();
	const form = useForm<{ readonly hours: Hours | null }>({
		initial: { data: { hours: toForm(state.hours) }, etag: undefined },
		draft: "hours-form",
		async send(_, { hours }, __, saved) {
			let result = state;
			const answer = await ifUnchanged(
				saved,
				async () => ({ hours: toForm((await api.get("/v1/admin/hours")).hours) }),
				async () => {
					result = await api.put("/v1/admin/hours", { body: { hours: toServer(hours) } });
					return { hours: toForm(result.hours) };
				},
			);
			onSaved(result);
			toast({ text: common("saved") });
			return answer;
		},
	});
	const { hours } = form.value;
	return (
		<Card>
			<RecordForm form={form}>
				<SwitchField
					label={t("hoursOn")}
					hint={stateText(state)}
					isOn={hours !== null}
					onValue={(isOn) => form.set({ hours: isOn ? (form.saved.hours ?? usualHours()) : null })}
				/>
				{hours !== null && (
					<HoursFields
						value={hours}
						errors={form.errors}
						onValue={(next) => form.set({ hours: next })}
					/>
				)}
			</RecordForm>
		</Card>
	);
}
