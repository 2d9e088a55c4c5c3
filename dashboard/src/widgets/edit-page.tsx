// Widget.

import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { t } from "./texts";

export function WidgetPage() {
	return (
		<Page title={t("widget")}>
			<Blank title={t("widget")} />
		</Page>
	);
}
