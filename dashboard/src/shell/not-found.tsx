// The page for unknown URLs and records that do not exist.

import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { HOME } from "../paths";
import { t } from "../text/common";
import { ButtonLink } from "../ui/button";

export function NotFoundPage() {
	useTitle(t("notFound"));
	useArrival(focusHeading);
	return (
		<main class="page" id="main" tabIndex={-1}>
			<NotFound title={t("pageNotFound")} text={t("pageNotFoundText")} />
		</main>
	);
}

interface NotFoundProps {
	readonly title: string;
	readonly text: string;
}

export function NotFound({ title, text }: NotFoundProps) {
	return (
		<div class="blank">
			<p class="blank-code" aria-hidden="true">
				404
			</p>
			<h1 class="blank-title" tabIndex={-1}>
				{title}
			</h1>
			<p>{text}</p>
			<ButtonLink href={HOME}>{t("toInbox")}</ButtonLink>
		</div>
	);
}
