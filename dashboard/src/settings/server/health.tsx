// Which parts of the service work.

import type { Server } from "../../../../workerd/api/openapi/openapi";
import { words } from "../../text/words";
import { Badge, type Tone } from "../../ui/badge";
import { Card } from "../../ui/card";
import { t } from "../texts";

interface Part {
	readonly name: string;
	readonly tone: Tone;
	readonly state: string;
	/** What else to know, above all when it does not work. */
	readonly reason?: string | undefined;
}

/** How the reading of sites and files goes, and how much of it is done. */
function crawlPart(crawl: Server["crawl"], content: Server["content"]): Part {
	const state = crawl === null ? "unknown" : crawl.running ? "ok" : "away";
	return {
		name: t("partCrawl"),
		tone: state === "ok" ? "good" : "bad",
		state: t(`crawl_${state}`),
		reason:
			content && content.sources > 0
				? t(content.complete ? "crawlContent" : "crawlContentSome", {
						read: content.read,
						waiting: content.waiting,
						unread: content.unread,
					})
				: undefined,
	};
}

/** How the sending of mails goes. */
function mailPart(mail: Server["mail"]): Part {
	const state =
		mail === null ? "unknown" : !mail.running ? "away" : mail.standing_ms > 0 ? "standing" : "ok";
	return {
		name: t("partMail"),
		tone: state === "ok" ? "good" : "bad",
		state: t(`mail_${state}`),
		reason:
			mail && mail.waiting > 0
				? [t("mailWaiting", { count: mail.waiting }), mail.error].filter(Boolean).join(": ")
				: undefined,
	};
}

/** The other machines that have the store, where there are several. */
function logParts({ log }: Server["store"]): readonly Part[] {
	if (log === undefined) return [];
	const { standbys, owner, behind, append_us } = log;
	return [
		{
			name: t("partStandbys"),
			tone: standbys > 0 ? "good" : "bad",
			state: t("workersCount", { count: standbys }),
			reason:
				standbys > 0
					? t("standbysHint", { owner, count: behind, ms: (append_us / 1000).toFixed(1) })
					: t("standbysNone"),
		},
	];
}

/** How long it is news that an account had no credit. */
const UNPAID_MS = 24 * 3_600_000;

/** Only its owner can mend that, with the company that runs the model server. */
function unpaidParts({ model_unpaid_at: at }: Server): readonly Part[] {
	if (at === null || Date.now() - at > UNPAID_MS) return [];
	return [
		{
			name: t("modelAccount"),
			tone: "bad",
			state: t("modelUnpaid"),
			reason: t("modelUnpaidText", { time: words.relative(at, Date.now()) }),
		},
	];
}

function partsOf(server: Server): readonly Part[] {
	const { store, search, crawl, content, models, workers, master } = server;
	return [
		{
			name: t("partWorkers"),
			tone: workers.length > 0 && master.state === "ok" ? "good" : "bad",
			state:
				master.state === "ok"
					? t("workersCount", { count: workers.length })
					: t("store_crash_loop"),
		},
		{
			name: t("partStore"),
			tone: store.state === "ok" ? "good" : "bad",
			state: t(`store_${store.state}`),
			reason: store.damage,
		},
		...logParts(store),
		{
			name: t("partSearch"),
			tone: search.state === "ok" ? "good" : search.state === "building" ? "warn" : "bad",
			state: t(`search_${search.state}`),
			reason: search.reason,
		},
		crawlPart(crawl, content),
		mailPart(server.mail),
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
		...unpaidParts(server),
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
