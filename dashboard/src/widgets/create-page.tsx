// A new widget: nothing exists before it is saved, and yet the preview shows it.

import { useLocation } from "preact-iso";
import { forgetLists, useDesk } from "../api/desk";
import { widgetPath } from "../paths";
import { ALL_WIDGETS } from "../shell/all-widgets";
import { toast } from "../shell/toasts";
import { BackLink } from "../ui/back-link";
import { Page } from "../ui/page";
import { useForm } from "../ui/use-form";
import { Editor } from "./editor";
import { fieldsOf, formValue, NEW_WIDGET, type WidgetValue } from "./form-value";
import { t } from "./texts";

export function CreateWidgetPage() {
	const desk = useDesk();
	const { api } = desk;
	const { route } = useLocation();
	const form = useForm<WidgetValue>({
		initial: { data: NEW_WIDGET, etag: undefined },
		draft: "widget-form:new",
		async send(changes, value) {
			const widget = await api.post("/v1/admin/widgets", {
				body: { primary_color: value.primary_color, ...fieldsOf(changes, value) },
			});
			forgetLists(desk, ALL_WIDGETS);
			toast({ text: t("created") });
			route(widgetPath(widget.id), true);
			return { data: formValue(widget), etag: undefined };
		},
	});
	return (
		<Page
			title={t("newWidget")}
			back={<BackLink href="/widgets" text={t("title")} />}
			width="wide"
			lead={t("newWidgetLead")}
		>
			<Editor form={form} today={null} onSave={form.save} action={t("create")} isNew />
		</Page>
	);
}
