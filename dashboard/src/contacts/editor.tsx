// The page of one contact.

import { useState } from "preact/hooks";
import type { Contact } from "../../../workerd/api/openapi/openapi";
import { type Data, useDesk } from "../api/desk";
import { useRight } from "../shell/me";
import { useCommands } from "../shell/shortcuts";
import { toast } from "../shell/toasts";
import { t as common } from "../text/common";
import { words } from "../text/words";
import { BackLink } from "../ui/back-link";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { TextField } from "../ui/field";
import { Page } from "../ui/page";
import { RecordForm } from "../ui/record-form";
import { TroubleLine } from "../ui/trouble";
import { useForm } from "../ui/use-form";
import { ContactAvatar } from "../ui/visitor-avatar";
import { Conversations } from "./conversations";
import { DataRequests } from "./data-requests";
import { MergeDialog } from "./merge-dialog";
import { nameOf } from "./names";
import { t } from "./texts";

interface ContactEditorProps {
	readonly contact: Data<Contact>;
	readonly data: Contact;
}

export function ContactEditor({ contact, data }: ContactEditorProps) {
	const { api } = useDesk();
	const [isMerging, setMerging] = useState(false);
	const form = useForm<Contact>({
		initial: { data, etag: contact.etag },
		draft: `contact-form:${data.id}`,
		async send(changes, _, ifMatch) {
			const answer = await api.write("/v1/admin/contacts/{contactId}", {
				path: { contactId: data.id },
				body: changes,
				ifMatch,
			});
			contact.set(answer.data, answer.etag);
			return answer;
		},
	});
	const { value, saved, errors } = form;
	const mayDelete = useRight("delete");
	useCommands(
		mayDelete ? [{ id: "contact-merge", text: t("merge"), run: () => setMerging(true) }] : [],
	);

	const field = (name: "name" | "email" | "phone", type: "text" | "email", max: number) => (
		<TextField
			label={t(name)}
			value={value[name] ?? ""}
			onValue={(text) => form.set({ [name]: text.trim() === "" ? null : text })}
			error={errors[name]}
			type={type}
			maxLength={max}
			autocomplete="off"
		/>
	);

	return (
		<Page
			title={nameOf(saved) ?? t("nameless")}
			lead={t("since", { date: words.date(saved.created_at) })}
			back={<BackLink href="/contacts" text={t("title")} />}
			actions={
				mayDelete && (
					<Button icon="people" onClick={() => setMerging(true)}>
						{t("merge")}
					</Button>
				)
			}
		>
			{saved.user_id !== null && (
				<p class="contact-verified">
					<Badge tone="good">{t("verified")}</Badge>
					{t("verifiedText", { user: saved.user_id })}
				</p>
			)}
			{contact.error && <TroubleLine error={contact.error} retry={contact.refresh} />}
			<Card>
				<RecordForm form={form} onSaved={() => toast({ text: common("saved") })}>
					<div class="contact-head">
						<ContactAvatar contact={saved} size="large" />
						{field("name", "text", 200)}
					</div>
					<div class="form-row">
						{field("email", "email", 254)}
						{field("phone", "text", 64)}
					</div>
				</RecordForm>
			</Card>
			<Conversations contactId={data.id} />
			<DataRequests contact={saved} onErased={form.reset} />
			{isMerging && (
				<MergeDialog contact={saved} onMerged={contact.refresh} onClose={() => setMerging(false)} />
			)}
		</Page>
	);
}
