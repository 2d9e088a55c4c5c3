// What a million tokens of each model cost. Members see the prices, owners change them.

import type { Prices } from "../../../../workerd/api/openapi/openapi";
import { useAgents } from "../../shell/all-agents";
import { useIsOwner } from "../../shell/me";
import { usePrices } from "../../shell/prices";
import { locale } from "../../text/language";
import { TableBox } from "../../ui/table-box";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { PriceTable } from "./price-table";

/** The models that agents use: to offer those without a price. */
function useModels(): readonly string[] {
	const { data } = useAgents();
	if (!data) return [];
	return [...new Set(data.agents.map(({ model }) => model ?? data.defaults.model))];
}

export function PricesSection() {
	const prices = usePrices();
	const models = useModels();
	const isOwner = useIsOwner();
	return (
		<>
			<p class="settings-lead">{t("pricesLead")}</p>
			<Loaded remote={prices}>
				{(now) =>
					isOwner ? (
						<PriceTable
							prices={now}
							unpriced={models.filter((model) => !(model in now.models))}
							onSaved={prices.set}
						/>
					) : (
						<ReadOnlyPrices prices={now} />
					)
				}
			</Loaded>
		</>
	);
}

/** As many decimals as a price may have. */
const decimals = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 });

function ReadOnlyPrices({ prices: { models, currency } }: { readonly prices: Prices }) {
	const names = Object.keys(models).sort((a, b) => a.localeCompare(b));
	if (names.length === 0) return <p class="card quiet">{t("pricesNone")}</p>;
	return (
		<TableBox label={t("prices")}>
			<table class="table">
				<thead>
					<tr>
						<th scope="col">{t("model")}</th>
						<th scope="col" class="numeric">
							{t("priceIn")} ({currency} / 1M)
						</th>
						<th scope="col" class="numeric">
							{t("priceOut")} ({currency} / 1M)
						</th>
					</tr>
				</thead>
				<tbody>
					{names.map((name) => (
						<tr key={name}>
							<th scope="row" class="mono-text">
								{name}
							</th>
							<td class="numeric">{decimals.format(models[name]?.inputPerMillion ?? 0)}</td>
							<td class="numeric">{decimals.format(models[name]?.outputPerMillion ?? 0)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</TableBox>
	);
}
