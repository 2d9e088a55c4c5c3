// What a webhook has sent, and what is waiting.

import type { Delivery } from "../../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../../api/desk";
import { useNow } from "../../hooks/use-now";
import { toast, toastError } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { words } from "../../text/words";
import { Badge, type Tone } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { TimeStamp } from "../../ui/time-stamp";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { changeName, kindName } from "./kinds";

const TONES: Readonly<Record<Delivery["state"], Tone>> = {
	pending: "warn",
	delivered: "good",
	failed: "bad",
};

interface DeliveriesProps {
	readonly id: string;
	readonly isEnabled: boolean;
}

export function Deliveries({ id, isEnabled }: DeliveriesProps) {
	const { api } = useDesk();
	const path = { webhookId: id };
	const remote = useData<{ readonly deliveries: readonly Delivery[] }>(
		`webhook/${id}/deliveries`,
		(client) => ({
			load: (signal) => client.read("/v1/admin/webhooks/{webhookId}/deliveries", { path, signal }),
			// Every event may become a delivery.
			kinds: ["conversation", "message", "reply", "contact", "note", "rating", "webhook"],
		}),
	);

	async function retry(n: number) {
		try {
			await api.post("/v1/admin/webhooks/{webhookId}/deliveries/{n}/retry", {
				path: { webhookId: id, n },
			});
			toast({ text: t("deliveryRetried") });
			await remote.refresh();
		} catch (reason) {
			toastError(reason);
		}
	}

	return (
		<Card
			title={t("deliveries")}
			hint={t("deliveriesHint")}
			actions={
				<Button isSmall icon="refresh" onClick={() => void remote.refresh()}>
					{t("refresh")}
				</Button>
			}
		>
			<Loaded remote={remote} rows={2}>
				{({ deliveries }) =>
					deliveries.length === 0 ? (
						<p class="quiet">{t("deliveriesNone")}</p>
					) : (
						<ul class="settings-rows settings-rows-inner" aria-label={t("deliveries")}>
							{deliveries.map((one) => (
								<DeliveryRow
									key={one.n}
									delivery={one}
									retry={isEnabled && one.state !== "pending" ? () => retry(one.n) : null}
								/>
							))}
						</ul>
					)
				}
			</Loaded>
		</Card>
	);
}

interface DeliveryRowProps {
	readonly delivery: Delivery;
	/** null: it is not possible now. */
	readonly retry: (() => void) | null;
}

function DeliveryRow({ delivery, retry }: DeliveryRowProps) {
	const now = useNow();
	const { kind, change, state, status, error, attempts, at, ms, nextAt } = delivery;
	const what = `${kindName(kind)} · ${changeName(change)}`;
	return (
		<li class="settings-row">
			<div class="settings-row-text">
				<p class="settings-row-title">
					<span>{what}</span>
					<Badge tone={TONES[state]}>{t(`delivery_${state}`)}</Badge>
				</p>
				<p class="quiet">
					<TimeStamp at={at} text={words.relative(at, now)} />
					{status !== null && ` · ${t("deliveryStatus", { status: String(status), ms })}`}
					{attempts > 1 && ` · ${t("attempts", { count: attempts })}`}
					{state === "pending" && nextAt !== null && nextAt > now && (
						<>
							{` · ${t("deliveryNext")} `}
							<TimeStamp at={nextAt} text={words.clock(nextAt)} />
						</>
					)}
				</p>
				{error && state !== "delivered" && error !== `status ${status}` && (
					<p class="settings-bad">{error}</p>
				)}
			</div>
			{retry && (
				<Button isSmall onClick={retry} aria-label={`${common("tryAgain")}: ${what}`}>
					{common("tryAgain")}
				</Button>
			)}
		</li>
	);
}
