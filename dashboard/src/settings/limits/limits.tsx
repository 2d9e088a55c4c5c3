// What visitors may spend, and how long conversations are kept.

import type { Budgets, Widget } from "../../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../../api/desk";
import { everything } from "../everything";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { BudgetCard } from "./budget-card";
import { RetentionCard } from "./retention-card";

export function useWidgets(): Data<readonly Widget[]> {
	return useData<readonly Widget[]>("settings/widgets", (client) => ({
		load: (signal) =>
			everything(
				(cursor) =>
					client.get("/v1/admin/widgets", {
						query: { limit: 200, ...(cursor !== undefined && { cursor }) },
						signal,
					}),
				({ widgets }) => widgets,
			),
		kinds: ["widget"],
	}));
}

export function LimitsSection() {
	const widgets = useWidgets();
	const budgets = useData<Budgets>("budgets", (client) => ({
		load: (signal) => client.read("/v1/admin/budgets", { signal }),
		kinds: ["budget", "reply"],
	}));
	return (
		<>
			<p class="settings-lead">{t("limitsLead")}</p>
			<Loaded remote={widgets}>
				{(all) => (
					<>
						<Loaded remote={budgets}>
							{(now) => (
								<BudgetCard key={all.length} budgets={now} widgets={all} onSaved={budgets.set} />
							)}
						</Loaded>
						<RetentionCard widgets={all} onSaved={widgets.refresh} />
					</>
				)}
			</Loaded>
		</>
	);
}

export const widgetName = (widget: Widget): string => widget.name || widget.widget_id;
