// One contact: details, conversations, and what a person may ask of their data.

import { useRoute } from "preact-iso";
import { t as common } from "../text/common";
import { BackLink } from "../ui/back-link";
import { Blank } from "../ui/blank";
import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { useContact } from "./data";
import { ContactEditor } from "./editor";
import { t } from "./texts";

export function ContactPage() {
	const id = useRoute().params.id ?? "";
	// Another contact is another page, with nothing of this one's state.
	return <OneContact key={id} id={id} />;
}

function OneContact({ id }: { readonly id: string }) {
	const contact = useContact(id);
	const { data, error, refresh } = contact;
	// 400: no id at all.
	if (error?.status === 404 || error?.status === 400)
		return (
			<Page title={common("notFound")}>
				<Blank icon="contacts" title={t("gone")}>
					<p>{t("goneText")}</p>
					<ButtonLink href="/contacts">{t("toList")}</ButtonLink>
				</Blank>
			</Page>
		);
	if (data) return <ContactEditor contact={contact} data={data} />;
	return (
		<Page title={t("contact")} back={<BackLink href="/contacts" text={t("title")} />}>
			{error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={3} kind="form" />}
		</Page>
	);
}
