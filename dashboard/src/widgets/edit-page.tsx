// One widget: its form with the preview, its tag, and what cannot be undone.

import { useRoute } from "preact-iso";
import type { Widget } from "../../../workerd/api/openapi/openapi";
import type { Answer } from "../api/client";
import { useData, useDesk } from "../api/desk";
import { useWidgetStatus } from "../hooks/use-widget-status";
import { useIsOwner, useRight } from "../shell/me";
import { toast } from "../shell/toasts";
import { t as common } from "../text/common";
import { BackLink } from "../ui/back-link";
import { Badge } from "../ui/badge";
import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { useForm } from "../ui/use-form";
import { WidgetBudget } from "./budget";
import { Danger } from "./danger";
import { Editor } from "./editor";
import { Embed } from "./embed";
import { fieldsOf, formValue, type WidgetValue } from "./form-value";
import { Identity } from "./identity";
import { t } from "./texts";

/** Somebody may wait for the page with the tag to appear. */
const STATUS_MS = 3_000;

function useWidget(id: string) {
	return useData(`widget:${id}`, (api) => ({
		load: (signal) => api.read("/v1/admin/widgets/{widgetId}", { path: { widgetId: id }, signal }),
		kinds: ["widget"],
		isAffected: (change) => change.id === id,
	}));
}

export function WidgetPage() {
	const id = useRoute().params.id ?? "";
	const { data, etag, error, refresh, set } = useWidget(id);
	// Somebody may have deleted it meanwhile.
	if (data && error?.status !== 404)
		return (
			<EditWidget
				key={id}
				widget={data}
				etag={etag}
				onSaved={({ data, etag }) => set(data, etag)}
			/>
		);
	return (
		<Page title={t("widget")} back={<BackLink href="/widgets" text={t("title")} />} width="wide">
			{error?.isFinal ? (
				<Blank title={t("noWidget")} icon="widgets">
					<p>{t("noWidgetText")}</p>
				</Blank>
			) : error ? (
				<TroubleScreen error={error} retry={refresh} />
			) : (
				<Skeleton rows={6} kind="form" />
			)}
		</Page>
	);
}

interface EditWidgetProps {
	readonly widget: Widget;
	readonly etag: string | undefined;
	readonly onSaved: (answer: Answer<Widget>) => void;
}

function EditWidget({ widget, etag, onSaved }: EditWidgetProps) {
	const { api } = useDesk();
	const isOwner = useIsOwner();
	const mayDelete = useRight("delete");
	const status = useWidgetStatus(widget.id, STATUS_MS);
	const path = { widgetId: widget.id };
	const readForm = (answer: Answer<Widget>): Answer<WidgetValue> => ({
		data: formValue(answer.data),
		etag: answer.etag,
	});
	const form = useForm<WidgetValue>({
		initial: readForm({ data: widget, etag }),
		draft: `widget-form:${widget.id}`,
		receive: (record) => formValue(record as Widget),
		async send(changes, value, ifMatch) {
			const body = fieldsOf(changes, value);
			await api.put("/v1/admin/widgets/{widgetId}", { path, body, ifMatch });
			const answer = await api.read("/v1/admin/widgets/{widgetId}", { path });
			onSaved(answer);
			return readForm(answer);
		},
	});

	/** Changes of this page apart from the form are no conflict with it. */
	async function renew() {
		const answer = await api.read("/v1/admin/widgets/{widgetId}", { path });
		onSaved(answer);
		form.renew(readForm(answer));
	}

	async function save(): Promise<boolean> {
		const isSaved = await form.save();
		if (isSaved) toast({ text: common("saved") });
		return isSaved;
	}

	const name = widget.name ?? t("nameDefault");
	return (
		<Page
			title={name}
			back={<BackLink href="/widgets" text={t("title")} />}
			width="wide"
			lead={
				widget.enabled ? (
					<Badge tone="good">{t("isEnabled")}</Badge>
				) : (
					<Badge tone="warn">{t("isDisabled")}</Badge>
				)
			}
		>
			<Editor
				form={form}
				today={status?.messagesToday ?? null}
				onSave={save}
				before={<Embed widget={widget} status={status} />}
				after={
					<div class="editor-after">
						{isOwner && <WidgetBudget widgetId={widget.id} />}
						{isOwner && <Identity widgetId={widget.id} onChange={renew} />}
						{mayDelete && (
							<Danger widget={widget} name={name} onReset={renew} onDeleted={form.reset} />
						)}
					</div>
				}
			/>
		</Page>
	);
}
