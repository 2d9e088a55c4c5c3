// The secret of a webhook: a new one replaces it, and the old one stays valid for a time.

import { useState } from "preact/hooks";
import type { Webhook } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { useNow } from "../../hooks/use-now";
import { toast, toastError } from "../../shell/toasts";
import { words } from "../../text/words";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { SecretOnce } from "../../ui/secret-once";
import { t } from "../texts";

interface SecretCardProps {
	readonly webhook: Webhook;
	readonly onSaved: (webhook: Webhook) => void;
}

export function SecretCard({ webhook, onSaved }: SecretCardProps) {
	const { api } = useDesk();
	const now = useNow();
	const [secret, setSecret] = useState<string | null>(null);
	const [isBusy, setBusy] = useState(false);
	const until = webhook.old_secret_until;
	const hasOld = until !== null && until > now;
	const path = { webhookId: webhook.id };

	async function run(ask: () => Promise<Webhook>) {
		setBusy(true);
		try {
			onSaved(await ask());
		} catch (reason) {
			toastError(reason);
		}
		setBusy(false);
	}

	const rotate = () =>
		run(async () => {
			const { secret: made, ...saved } = await api.post("/v1/admin/webhooks/{webhookId}/secret", {
				path,
				body: {},
			});
			setSecret(made);
			return saved;
		});

	const endOld = () =>
		run(async () => {
			const saved = await api.delete("/v1/admin/webhooks/{webhookId}/old-secret", { path });
			toast({ text: t("webhookOldEnded") });
			return saved;
		});

	return (
		<Card
			title={t("webhookRotate")}
			hint={t("webhookRotateHint")}
			actions={
				<Button isBusy={isBusy} icon="key" onClick={hasOld ? endOld : rotate}>
					{t(hasOld ? "webhookOldEnd" : "webhookRotateNow")}
				</Button>
			}
		>
			{hasOld && <p role="status">{t("webhookOldUntil", { time: words.exact(until) })}</p>}
			{secret && (
				<SecretOnce
					title={t("webhookRotated")}
					label={t("webhookSecret")}
					secret={secret}
					text={t("webhookRotatedText")}
					onClose={() => setSecret(null)}
				/>
			)}
		</Card>
	);
}
