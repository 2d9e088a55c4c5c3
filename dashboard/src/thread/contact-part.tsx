// The contact's details, edited in place.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Contact, Conversation } from "../../../workerd/api/openapi/openapi";
import type { Answer } from "../api/client";
import { useData, useDesk } from "../api/desk";
import { contactPath } from "../paths";
import { Avatar } from "../ui/avatar";
import { IconButton } from "../ui/button";
import { TextField } from "../ui/field";
import { FormBar } from "../ui/form-bar";
import { useFormDrafts } from "../ui/form-drafts";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine } from "../ui/trouble";
import { useForm } from "../ui/use-form";
import { ContactAvatar } from "../ui/visitor-avatar";
import { friendlyName } from "../ui/visitor-name";
import { Part } from "./part";
import { t } from "./texts";

const draftOf = (contactId: string) => `contact-part:${contactId}`;

export function ContactPart({ conversation }: { readonly conversation: Conversation }) {
	const { contactId, sessionId } = conversation;
	if (contactId) return <KnownContact id={contactId} key={contactId} />;
	return (
		<Part title={t("contact")}>
			<div class="contact">
				<Avatar name={sessionId} />
				<div class="contact-text">
					<p class="contact-name">{friendlyName(sessionId)}</p>
					<p class="quiet">{t("contactNone")}</p>
				</div>
			</div>
		</Part>
	);
}

function KnownContact({ id }: { readonly id: string }) {
	const { data, error, etag, refresh, set } = useData(`contact:${id}`, (api) => ({
		load: (signal) =>
			api.read("/v1/admin/contacts/{contactId}", { path: { contactId: id }, signal }),
		kinds: ["contact"],
		isAffected: (change) => change.id === id,
	}));
	const drafts = useFormDrafts();
	const [isEditing, setEditing] = useState(() => drafts.has(draftOf(id)));
	const edit = useRef<HTMLDivElement>(null);
	const wasEditing = useRef(false);
	useEffect(() => {
		if (wasEditing.current && !isEditing) edit.current?.querySelector("button")?.focus();
		wasEditing.current = isEditing;
	}, [isEditing]);
	return (
		<Part
			title={t("contact")}
			action={
				data &&
				!isEditing && (
					<div ref={edit}>
						<IconButton name="edit" label={t("contactEdit")} onClick={() => setEditing(true)} />
					</div>
				)
			}
		>
			{error && <TroubleLine error={error} retry={refresh} />}
			{!data && !error && <Skeleton kind="form" rows={2} />}
			{data && isEditing && (
				<ContactForm
					contact={{ data, etag }}
					onSaved={(saved) => {
						set(saved.data, saved.etag);
						setEditing(false);
					}}
					onClose={() => setEditing(false)}
				/>
			)}
			{data && !isEditing && <ContactFacts contact={data} />}
		</Part>
	);
}

interface ContactFactsProps {
	readonly contact: Contact;
}

function ContactFacts({ contact }: ContactFactsProps) {
	const { name, email, phone } = contact;
	return (
		<div class="contact">
			<ContactAvatar contact={contact} />
			<div class="contact-text">
				<a class="contact-name" href={contactPath(contact.id)} dir="auto">
					{name ?? email ?? phone ?? t("contactUnnamed")}
				</a>
				{email && <a href={`mailto:${email}`}>{email}</a>}
				{phone && <a href={`tel:${phone.replace(/[^\d+]/g, "")}`}>{phone}</a>}
			</div>
		</div>
	);
}

type Fields = Record<"name" | "email" | "phone", string>;

const fieldsOf = ({ name, email, phone }: Contact): Fields => ({
	name: name ?? "",
	email: email ?? "",
	phone: phone ?? "",
});

interface ContactFormProps {
	readonly contact: Answer<Contact>;
	readonly onSaved: (contact: Answer<Contact>) => void;
	readonly onClose: () => void;
}

function ContactForm({ contact, onSaved, onClose }: ContactFormProps) {
	const { api } = useDesk();
	const box = useRef<HTMLFormElement>(null);
	useLayoutEffect(() => box.current?.querySelector("input")?.focus(), []);
	const form = useForm<Fields>({
		draft: draftOf(contact.data.id),
		initial: { data: fieldsOf(contact.data), etag: contact.etag },
		receive: (record) => fieldsOf(record as Contact),
		async send(changes, _, ifMatch) {
			const path = { contactId: contact.data.id };
			await api.put("/v1/admin/contacts/{contactId}", { path, body: changes, ifMatch });
			// The new ETag.
			const saved = await api.read("/v1/admin/contacts/{contactId}", { path });
			onSaved(saved);
			return { data: fieldsOf(saved.data), etag: saved.etag };
		},
	});
	const field = (name: keyof Fields) => ({
		value: form.value[name],
		error: form.errors[name],
		onValue: (value: string) => form.set({ [name]: value }),
	});
	return (
		<form
			class="contact-form"
			ref={box}
			noValidate
			onSubmit={(event) => {
				event.preventDefault();
				if (form.isChanged) void form.save();
				else onClose();
			}}
		>
			<TextField label={t("name")} autocomplete="off" {...field("name")} />
			<TextField label={t("email")} type="email" autocomplete="off" {...field("email")} />
			<TextField label={t("phone")} autocomplete="off" {...field("phone")} />
			<FormBar form={form} isInline onCancel={onClose} />
		</form>
	);
}
