// The webhooks: their list, and one of them, as the address says.

import type { Webhook } from "../../../../workerd/api/openapi/openapi";
import { allItems } from "../../api/all-pages";
import { useData } from "../../api/desk";
import { t as common } from "../../text/common";
import { BackLink } from "../../ui/back-link";
import { Badge } from "../../ui/badge";
import { Blank } from "../../ui/blank";
import { ButtonLink } from "../../ui/button";
import { Total } from "../../ui/end-of-list";
import { Loaded } from "../loaded";
import type { SectionProps } from "../sections";
import { t } from "../texts";
import { CreateWebhook } from "./create-webhook";
import { kindName } from "./kinds";
import { noticeOf } from "./notice";
import { WEBHOOKS, webhookPath } from "./paths";
import { ALL_WEBHOOKS, WebhookPage } from "./webhook";

const NEW = "new";

export function WebhooksSection({ id }: SectionProps) {
	if (id === undefined) return <WebhookList />;
	return (
		<>
			<BackLink href={WEBHOOKS} text={t("webhooksAll")} />
			{id === NEW ? <CreateWebhook /> : <WebhookPage key={id} id={id} />}
		</>
	);
}

function WebhookList() {
	const remote = useData<readonly Webhook[]>(ALL_WEBHOOKS, (client) => ({
		load: (signal) =>
			allItems(
				(query) => client.get("/v1/admin/webhooks", { query, signal }),
				({ webhooks }) => webhooks,
			),
		kinds: ["webhook"],
	}));
	return (
		<>
			<div class="settings-head">
				<p class="settings-lead">{t("webhooksLead")}</p>
				<ButtonLink kind="main" icon="plus" href={webhookPath(NEW)}>
					{t("webhookAdd")}
				</ButtonLink>
			</div>
			<Loaded remote={remote}>
				{(webhooks) =>
					webhooks.length === 0 ? (
						<Blank title={t("webhooksNone")} icon="send">
							<p>{t("webhooksNoneText")}</p>
						</Blank>
					) : (
						<>
							<ul class="card settings-rows" aria-label={t("webhooks")}>
								{webhooks.map((one) => (
									<WebhookRow key={one.id} webhook={one} />
								))}
							</ul>
							<Total count={webhooks.length} />
						</>
					)
				}
			</Loaded>
		</>
	);
}

const FORMATS = { json: "JSON", slack: "Slack", discord: "Discord", channel: null } as const;

function receives({ format, kinds }: Webhook): string {
	if (format === "channel") return t("onlyChannel");
	return format === "json" ? kinds.map(kindName).join(", ") : t("onlyWaiting");
}

function WebhookRow({ webhook }: { readonly webhook: Webhook }) {
	const { url, format, enabled, notice } = webhook;
	return (
		<li class="settings-row">
			<div class="settings-row-text">
				<p class="settings-row-title">
					<a class="settings-row-link mono-text" href={webhookPath(webhook.id)}>
						{url}
					</a>
				</p>
				<p class="quiet">
					{FORMATS[format] ?? t("formatChannel")} · {receives(webhook)}
				</p>
				{notice && <p class="settings-warning">{noticeOf(webhook)}</p>}
			</div>
			<Badge tone={enabled ? "good" : notice ? "bad" : "calm"}>
				{common(enabled ? "on" : "off")}
			</Badge>
		</li>
	);
}
