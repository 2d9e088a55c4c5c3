// Join.

import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { t } from "./texts";

export function JoinPage() {
	return (
		<Page title={t("title")}>
			<Blank title={t("title")} />
		</Page>
	);
}
