// To the list of agents.

import { Icon } from "../ui/icon";
import { t } from "./texts";

export function BackLink() {
	return (
		<a class="page-back" href="/agents">
			<Icon name="back" />
			{t("title")}
		</a>
	);
}
