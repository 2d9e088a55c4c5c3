// The secret with which a site proves who a visitor is; shown once.

import { useState } from "preact/hooks";
import { useDesk } from "../api/desk";
import { toast } from "../shell/toasts";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { Confirm } from "../ui/dialog";
import { SecretOnce } from "../ui/secret-once";
import { t } from "./texts";

type Step = "make" | "remove" | { readonly secret: string } | null;

interface IdentityProps {
	readonly widgetId: string;
	/** The record may have changed. */
	readonly onChange: () => Promise<unknown>;
}

export function Identity({ widgetId, onChange }: IdentityProps) {
	const { api } = useDesk();
	const [step, setStep] = useState<Step>(null);
	const path = { widgetId };
	const secretPath = "/v1/admin/widgets/{widgetId}/identity-secret";
	const close = () => setStep((before) => (typeof before === "object" ? before : null));

	async function make() {
		const { secret } = await api.post(secretPath, { path });
		setStep({ secret });
		await onChange();
	}

	async function remove() {
		await api.delete(secretPath, { path });
		toast({ text: t("secretRemoved") });
		await onChange();
	}

	return (
		<Card title={t("identity")} hint={t("identityHint")}>
			<div class="card-buttons">
				<Button icon="key" onClick={() => setStep("make")}>
					{t("makeSecret")}
				</Button>
				<Button icon="trash" onClick={() => setStep("remove")}>
					{t("removeSecret")}
				</Button>
			</div>
			{step === "make" && (
				<Confirm title={t("makeSecret")} action={t("makeSecret")} onConfirm={make} onClose={close}>
					<p>{t("makeSecretText")}</p>
				</Confirm>
			)}
			{step === "remove" && (
				<Confirm
					title={t("removeSecret")}
					action={t("removeSecret")}
					isDangerous
					onConfirm={remove}
					onClose={close}
				>
					<p>{t("removeSecretText")}</p>
				</Confirm>
			)}
			{typeof step === "object" && step !== null && (
				<SecretOnce
					title={t("secret")}
					label={t("secret")}
					secret={step.secret}
					text={t("secretText")}
					onClose={() => setStep(null)}
				/>
			)}
		</Card>
	);
}
