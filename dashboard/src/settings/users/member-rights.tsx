// What owners grant to members; changed at once.

import type { Rights } from "../../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../../api/desk";
import { toast, toastError } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { Card } from "../../ui/card";
import { SwitchField } from "../../ui/field";
import { Loaded } from "../loaded";
import { t } from "../texts";

export function MemberRights() {
	const { api } = useDesk();
	const rights = useData<Rights>("rights", (client) => ({
		load: (signal) => client.read("/v1/admin/rights", { signal }),
		kinds: [],
	}));

	async function grant(before: Rights, mayDelete: boolean) {
		const wanted = { members: { delete: mayDelete } };
		rights.set(wanted);
		try {
			rights.set(await api.put("/v1/admin/rights", { body: wanted }));
			toast({ text: common("saved") });
		} catch (reason) {
			rights.set(before);
			toastError(reason);
		}
	}

	return (
		<Loaded remote={rights}>
			{(now) => (
				<Card title={t("member")} hint={t("memberHint")}>
					<SwitchField
						label={t("membersDelete")}
						hint={t("membersDeleteHint")}
						isOn={now.members.delete ?? false}
						onValue={(isOn) => void grant(now, isOn)}
					/>
				</Card>
			)}
		</Loaded>
	);
}
