// One webhook: its fields, a test, its deliveries.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Webhook, WebhookTest } from "../../../../workerd/api/openapi/openapi";
import type { Answer } from "../../api/client";
import { forgetLists, useData, useDesk } from "../../api/desk";
import { settingsPath } from "../../paths";
import { toast, toastError } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { Blank } from "../../ui/blank";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Confirm } from "../../ui/dialog";
import { SwitchField } from "../../ui/field";
import { useFormDrafts } from "../../ui/form-drafts";
import { RecordForm } from "../../ui/record-form";
import { type Form, useForm } from "../../ui/use-form";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { Deliveries } from "./deliveries";
import { noticeOf } from "./notice";
import { SecretCard } from "./secret-card";
import { type Editable, WebhookFields } from "./webhook-fields";

const editableOf = ({ url, format, widget_id, kinds, enabled }: Webhook): Editable => ({
	url,
	format,
	widget_id,
	kinds,
	enabled,
});

/** A record as a request has returned it, with its version. */
const answerOf = (webhook: Webhook): Answer<Editable> => ({
	data: editableOf(webhook),
	etag: `"${webhook.updated_at}"`,
});

/** The key of the list of webhooks. */
export const ALL_WEBHOOKS = "webhooks";

export function WebhookPage({ id }: { readonly id: string }) {
	const path = { webhookId: id };
	const remote = useData<Webhook>(`webhook/${id}`, (api) => ({
		load: (signal) => api.read("/v1/admin/webhooks/{webhookId}", { path, signal }),
		kinds: ["webhook"],
		isAffected: (change) => change.id === id,
	}));
	if (remote.error?.status === 404 || remote.error?.status === 400)
		return (
			<Blank title={t("webhookGone")} icon="send">
				<p>{t("webhookGoneText")}</p>
			</Blank>
		);
	return (
		<Loaded remote={remote}>
			{(webhook) => <OneWebhook webhook={webhook} etag={remote.etag} onSaved={remote.set} />}
		</Loaded>
	);
}

const draftOf = (webhookId: string) => `webhook-form:${webhookId}`;

interface OneWebhookProps {
	readonly webhook: Webhook;
	readonly etag: string | undefined;
	readonly onSaved: (webhook: Webhook, etag?: string) => void;
}

function OneWebhook({ webhook, etag, onSaved }: OneWebhookProps) {
	const { api } = useDesk();
	const path = { webhookId: webhook.id };
	const form = useForm<Editable>({
		initial: { data: editableOf(webhook), etag },
		draft: draftOf(webhook.id),
		receive: (record) => editableOf(record as Webhook),
		async send(body, _, ifMatch) {
			const saved = await api.put("/v1/admin/webhooks/{webhookId}", { path, body, ifMatch });
			const answer = answerOf(saved);
			onSaved(saved, answer.etag);
			toast({ text: common("saved") });
			return answer;
		},
	});

	/** A new secret is no conflict with what the form has changed. */
	function renew(saved: Webhook) {
		const answer = answerOf(saved);
		onSaved(saved, answer.etag);
		form.renew(answer);
	}

	return (
		<>
			{webhook.notice && (
				<p class="card settings-warning" role="status">
					{noticeOf(webhook)}
				</p>
			)}
			<WebhookForm id={webhook.id} form={form} />
			<TryCard webhook={webhook} />
			<SecretCard webhook={webhook} onSaved={renew} />
			<Deliveries id={webhook.id} isEnabled={webhook.enabled} />
			<DeleteCard webhook={webhook} />
		</>
	);
}

function WebhookForm({ id, form }: { readonly id: string; readonly form: Form<Editable> }) {
	return (
		<Card>
			<RecordForm form={form}>
				<SwitchField
					label={t("webhookEnabled")}
					hint={t("webhookEnabledHint")}
					isOn={form.value.enabled}
					onValue={(enabled) => form.set({ enabled })}
				/>
				<WebhookFields id={id} value={form.value} errors={form.errors} set={form.set} />
			</RecordForm>
		</Card>
	);
}

function TryCard({ webhook }: { readonly webhook: Webhook }) {
	const { api } = useDesk();
	const [result, setResult] = useState<WebhookTest | null>(null);
	const [isBusy, setBusy] = useState(false);

	async function run() {
		setBusy(true);
		setResult(null);
		try {
			const path = { webhookId: webhook.id };
			setResult(await api.post("/v1/admin/webhooks/{webhookId}/test", { path }));
		} catch (reason) {
			toastError(reason);
		}
		setBusy(false);
	}

	return (
		<Card
			title={t("webhookTry")}
			hint={t("webhookTryHint")}
			actions={
				<Button isBusy={isBusy} icon="send" onClick={run}>
					{t("webhookTryNow")}
				</Button>
			}
		>
			<p role="status" class={result?.delivered ? "settings-good" : "settings-bad"}>
				{result && resultText(result)}
			</p>
		</Card>
	);
}

function resultText({ delivered, status, ms, error }: WebhookTest): string {
	return delivered
		? t("webhookTryOk", { status: String(status), ms })
		: t("webhookTryFailed", { reason: error ?? String(status) });
}

function DeleteCard({ webhook }: { readonly webhook: Webhook }) {
	const desk = useDesk();
	const { api } = desk;
	const { route } = useLocation();
	const drafts = useFormDrafts();
	const [isAsking, setAsking] = useState(false);

	async function remove() {
		await api.delete("/v1/admin/webhooks/{webhookId}", { path: { webhookId: webhook.id } });
		forgetLists(desk, ALL_WEBHOOKS);
		drafts.drop(draftOf(webhook.id));
		toast({ text: t("webhookDeleted") });
		route(settingsPath("webhooks"), true);
	}

	return (
		<div class="settings-foot">
			<Button icon="trash" onClick={() => setAsking(true)}>
				{t("webhookDelete")}
			</Button>
			{isAsking && (
				<Confirm
					title={t("webhookDeleteTitle")}
					action={t("webhookDelete")}
					isDangerous
					onConfirm={remove}
					onClose={() => setAsking(false)}
				>
					<p>{t("webhookDeleteText")}</p>
				</Confirm>
			)}
		</div>
	);
}
