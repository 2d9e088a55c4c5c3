// To the list of contacts.

import { Icon } from "../ui/icon";
import { t } from "./texts";

export function BackLink() {
	return (
		<a class="page-back" href="/contacts">
			<Icon name="back" />
			{t("title")}
		</a>
	);
}
