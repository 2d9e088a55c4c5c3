// What visitors may spend, and how long conversations are kept.

import { useWidgets } from "../../shell/all-widgets";
import { useBudgets } from "../../shell/budgets";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { BudgetCard } from "./budget-card";
import { RetentionCard } from "./retention-card";

export function LimitsSection() {
	const widgets = useWidgets();
	const budgets = useBudgets();
	return (
		<>
			<p class="settings-lead">{t("limitsLead")}</p>
			<Loaded remote={widgets}>
				{(all) => (
					<>
						<Loaded remote={budgets}>
							{(now) => <BudgetCard budgets={now} widgets={all} onSaved={budgets.set} />}
						</Loaded>
						<RetentionCard widgets={all} onSaved={widgets.refresh} />
					</>
				)}
			</Loaded>
		</>
	);
}
