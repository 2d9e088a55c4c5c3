// What cannot be undone: another public id, and the end of the widget.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Widget } from "../../../workerd/api/openapi/openapi";
import { forgetLists, useDesk } from "../api/desk";
import { ALL_WIDGETS } from "../shell/all-widgets";
import { toast } from "../shell/toasts";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { Confirm } from "../ui/dialog";
import { useFormDrafts } from "../ui/form-drafts";
import { budgetDraft } from "./budget";
import { t } from "./texts";

interface DangerProps {
	readonly widget: Widget;
	/** What visitors and lists call it. */
	readonly name: string;
	/** The widget has another public id. */
	readonly onReset: () => Promise<unknown>;
	readonly onDeleted: () => void;
}

export function Danger({ widget, name, onReset, onDeleted }: DangerProps) {
	const desk = useDesk();
	const { api } = desk;
	const { route } = useLocation();
	const drafts = useFormDrafts();
	const [step, setStep] = useState<"reset" | "delete" | null>(null);
	const path = { widgetId: widget.id };

	async function reset() {
		await api.post("/v1/admin/widgets/{widgetId}/reset-id", { path });
		toast({ text: t("resetDone") });
		await onReset();
	}

	async function remove() {
		await api.delete("/v1/admin/widgets/{widgetId}", { path });
		forgetLists(desk, ALL_WIDGETS);
		onDeleted();
		drafts.drop(budgetDraft(widget.id));
		toast({ text: t("deleted", { name }) });
		route("/widgets", true);
	}

	return (
		<Card title={t("danger")}>
			<div class="danger-row">
				<div>
					<h3>{t("reset")}</h3>
					<p class="field-hint">{t("resetHint")}</p>
				</div>
				<Button icon="refresh" onClick={() => setStep("reset")}>
					{t("reset")}
				</Button>
			</div>
			<div class="danger-row">
				<div>
					<h3>{t("delete")}</h3>
					<p class="field-hint">{t("deleteHint")}</p>
				</div>
				<Button icon="trash" onClick={() => setStep("delete")}>
					{t("delete")}
				</Button>
			</div>
			{step === "reset" && (
				<Confirm
					title={t("resetTitle")}
					action={t("reset")}
					isDangerous
					onConfirm={reset}
					onClose={() => setStep(null)}
				>
					<p>{t("resetText")}</p>
					<p>{t("resetText2")}</p>
				</Confirm>
			)}
			{step === "delete" && (
				<Confirm
					title={t("deleteTitle", { name })}
					action={t("delete")}
					isDangerous
					onConfirm={remove}
					onClose={() => setStep(null)}
				>
					<p>{t("deleteText")}</p>
					<p>{t("deleteText2")}</p>
				</Confirm>
			)}
		</Card>
	);
}
