// Which parts of the service work.

import type { Server } from "../../../../workerd/api/openapi/openapi";
import { Badge, type Tone } from "../../ui/badge";
import { Card } from "../../ui/card";
import { t } from "../texts";

interface Part {
	readonly name: string;
	readonly tone: Tone;
	readonly state: string;
	/** What to know when it does not work. */
	readonly reason?: string | undefined;
}

function partsOf({ store, search, models, workers }: Server): readonly Part[] {
	return [
		{
			name: t("partWorkers"),
			tone: workers.length > 0 ? "good" : "bad",
			state: t("workersCount", { count: workers.length }),
		},
		{
			name: t("partStore"),
			tone: store.state === "ok" ? "good" : "bad",
			state: t(`store_${store.state}`),
			reason: store.damage,
		},
		{
			name: t("partSearch"),
			tone: search.state === "ok" ? "good" : search.state === "building" ? "warn" : "bad",
			state: t(`search_${search.state}`),
			reason: search.reason,
		},
		...models.map(
			(model): Part => ({
				name: model.name === null ? t("modelMain") : t("modelNamed", { name: model.name }),
				tone: model.state === "available" ? "good" : "bad",
				state: t(`model_${model.state}`),
				reason:
					model.retry_ms > 0
						? t("modelRetry", { seconds: Math.ceil(model.retry_ms / 1000) })
						: undefined,
			}),
		),
	];
}

export function Health({ server }: { readonly server: Server }) {
	return (
		<Card title={t("health")}>
			<ul class="settings-rows settings-rows-inner">
				{partsOf(server).map(({ name, tone, state, reason }) => (
					<li class="settings-row" key={name}>
						<div class="settings-row-text">
							<p class="settings-row-title">{name}</p>
							{reason && <p class="quiet">{reason}</p>}
						</div>
						<Badge tone={tone}>{state}</Badge>
					</li>
				))}
			</ul>
		</Card>
	);
}
