// New widget.

import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { t } from "./texts";

export function CreateWidgetPage() {
	return (
		<Page title={t("newWidget")}>
			<Blank title={t("newWidget")} />
		</Page>
	);
}
