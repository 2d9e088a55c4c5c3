// Agent.

import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { t } from "./texts";

export function AgentPage() {
	return (
		<Page title={t("agent")}>
			<Blank title={t("agent")} />
		</Page>
	);
}
