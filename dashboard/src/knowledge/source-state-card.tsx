// How far a source is read: counts, times, failures, and the decision that a crawl may wait for.

import { useState } from "preact/hooks";
import type { Source } from "../../../workerd/api/openapi/openapi";
import { type Data, useDesk } from "../api/desk";
import { useNow } from "../hooks/use-now";
import { toastError } from "../shell/toasts";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { Icon } from "../ui/icon";
import { TimeStamp } from "../ui/time-stamp";
import { PageCounts } from "./source-row";
import { t } from "./texts";
import { KIND_ICONS, shortAddress, stateOf } from "./words";

interface SourceStateCardProps {
	readonly source: Data<Source>;
	readonly data: Source;
	/** Only owners decide about removals. */
	readonly mayDecide: boolean;
}

export function SourceStateCard({ source, data, mayDecide }: SourceStateCardProps) {
	const now = useNow();
	const said = stateOf(data);
	const { state, url, kind } = data;
	return (
		<Card>
			<div class="source-state">
				<span class="source-icon">
					<Icon name={KIND_ICONS[kind]} />
				</span>
				<div class="knowledge-body">
					<p class="knowledge-name">
						{url === null ? (
							t(`kind_${kind}`)
						) : (
							<a href={url} target="_blank" rel="noopener noreferrer">
								{shortAddress(url)}
							</a>
						)}
					</p>
					<p class="source-counts source-counts-line">
						<PageCounts source={data} />
						{state.chunks > 0 && (
							<span class="quiet">{t("passages", { count: state.chunks })}</span>
						)}
					</p>
				</div>
				<div class="source-when">
					{said && <Badge tone={said.tone}>{said.text}</Badge>}
					{state.endedAt !== null && state.state !== "running" && (
						<span class="quiet">
							{t("lastRead")}{" "}
							<TimeStamp at={state.endedAt} text={words.relative(state.endedAt, now)} />
						</span>
					)}
					{state.state === "failed" && state.nextAt !== null && state.nextAt > now && (
						<span class="quiet">
							{t("nextTry")} <TimeStamp at={state.nextAt} text={words.clock(state.nextAt)} />
						</span>
					)}
				</div>
			</div>
			{state.error !== null && (
				<p class="knowledge-notice knowledge-bad" role="status">
					{state.error}
				</p>
			)}
			{state.state === "waits" && <Removal source={source} data={data} mayDecide={mayDecide} />}
		</Card>
	);
}

function Removal({ source, data, mayDecide }: SourceStateCardProps) {
	const { api } = useDesk();
	const [isBusy, setBusy] = useState(false);

	async function decide(decision: "remove" | "keep") {
		setBusy(true);
		try {
			const state = await api.post("/v1/admin/sources/{sourceId}/removal", {
				path: { sourceId: data.id },
				body: { decision },
			});
			source.set({ ...data, state }, undefined);
		} catch (reason) {
			toastError(reason);
		} finally {
			setBusy(false);
		}
	}

	return (
		<div class="knowledge-notice knowledge-warn" role="status">
			<p>{t("removal", { count: data.state.removing })}</p>
			{mayDecide && (
				<div class="form-actions">
					<Button isSmall isBusy={isBusy} onClick={() => decide("keep")}>
						{t("removalKeep")}
					</Button>
					<Button isSmall kind="danger" isBusy={isBusy} onClick={() => decide("remove")}>
						{t("removalRemove")}
					</Button>
				</div>
			)}
		</div>
	);
}
