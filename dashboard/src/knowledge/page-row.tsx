// One page of a source: its title and address, and why it was not read.

import type { SourcePage } from "../../../workerd/api/openapi/openapi";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { IconButton } from "../ui/button";
import { TimeStamp } from "../ui/time-stamp";
import { t } from "./texts";
import { pageState, reasonOf, shortAddress } from "./words";

interface PageRowProps {
	readonly page: SourcePage;
	readonly now: number;
	readonly onShow: () => void;
	readonly onDelete: (() => void) | undefined;
}

export function PageRow({ page, now, onShow, onDelete }: PageRowProps) {
	const { url, title, fetchedAt } = page;
	const said = pageState(page);
	const reason = reasonOf(page);
	const name = title ?? shortAddress(url);
	return (
		<li class="knowledge-row page-row">
			<div class="knowledge-body">
				<button class="knowledge-name link" type="button" onClick={onShow}>
					{name}
				</button>
				{title !== null && <p class="knowledge-sub">{shortAddress(url)}</p>}
				{reason !== "" && <p class="page-reason">{reason}</p>}
			</div>
			<div class="source-when">
				<Badge tone={said.tone}>{said.text}</Badge>
				{fetchedAt !== null && (
					<span class="quiet">
						<TimeStamp at={fetchedAt} text={words.relative(fetchedAt, now)} />
					</span>
				)}
			</div>
			{onDelete && (
				<span class="row-action">
					<IconButton name="trash" label={t("deleteName", { name })} onClick={onDelete} />
				</span>
			)}
		</li>
	);
}
