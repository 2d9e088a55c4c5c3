// Contact.

import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { t } from "./texts";

export function ContactPage() {
	return (
		<Page title={t("contact")}>
			<Blank title={t("contact")} />
		</Page>
	);
}
