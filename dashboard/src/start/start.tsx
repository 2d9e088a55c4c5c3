// What an empty inbox shows: how the widget gets onto a site.

import { Blank } from "../ui/blank";
import { ButtonLink } from "../ui/button";
import { t } from "./texts";

export function Start() {
	return (
		<div class="start">
			<Blank icon="inbox" title={t("title")}>
				<p>{t("text")}</p>
				<ButtonLink kind="main" href="/widgets">
					{t("toWidgets")}
				</ButtonLink>
			</Blank>
		</div>
	);
}
