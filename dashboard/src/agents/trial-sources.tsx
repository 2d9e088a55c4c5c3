// What a reply of the test is based on, below it, as visitors see it.

import type { ReplySources } from "../../../workerd/api/openapi/openapi";
import { isWeb } from "../ui/citations";
import { t } from "./texts";

export function TrialSources({ sources }: { readonly sources: ReplySources }) {
	if (sources.length === 0) return null;
	return (
		<div class="trial-sources">
			<p aria-hidden="true">{t("sources")}</p>
			<ol aria-label={t("sources")}>
				{sources.map(({ n, title, url }) => (
					<li key={n} value={n}>
						{isWeb(url) ? (
							<a href={url} target="_blank" rel="noreferrer nofollow ugc" dir="auto">
								{title}
							</a>
						) : (
							<span dir="auto">{title}</span>
						)}
					</li>
				))}
			</ol>
		</div>
	);
}
