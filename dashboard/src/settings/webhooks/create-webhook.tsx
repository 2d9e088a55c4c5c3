// A new webhook, whose secret is shown once.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { NewWebhook } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { Card } from "../../ui/card";
import { RecordForm } from "../../ui/record-form";
import { SecretOnce } from "../../ui/secret-once";
import { useForm } from "../../ui/use-form";
import { t } from "../texts";
import { webhookPath } from "./paths";
import { type Editable, WebhookFields } from "./webhook-fields";

const EMPTY: Editable = {
	url: "",
	format: "json",
	widget_id: null,
	kinds: ["conversation", "message", "reply"],
	enabled: true,
};

export function CreateWebhook() {
	const { api } = useDesk();
	const { route } = useLocation();
	const [made, setMade] = useState<NewWebhook | null>(null);
	const form = useForm<Editable>({
		initial: { data: EMPTY, etag: undefined },
		draft: "webhook-form:new",
		async send(_, value) {
			const webhook = await api.post("/v1/admin/webhooks", { body: value });
			setMade(webhook);
			return { data: value, etag: undefined };
		},
	});
	return (
		<Card title={t("webhookNew")}>
			<RecordForm form={form} action={t("webhookCreate")} isNew>
				<WebhookFields value={form.value} errors={form.errors} set={form.set} />
			</RecordForm>
			{made && (
				<SecretOnce
					title={t("webhookReady")}
					label={t("webhookSecret")}
					secret={made.secret}
					text={t("webhookReadyText")}
					onClose={() => route(webhookPath(made.id), true)}
				/>
			)}
		</Card>
	);
}
