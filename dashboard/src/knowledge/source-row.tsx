// One source in the list: what it is, how much of it was read, and what the owner should know.

import type { Source } from "../../../workerd/api/openapi/openapi";
import { sourcePath } from "../paths";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Icon } from "../ui/icon";
import { TimeStamp } from "../ui/time-stamp";
import { t } from "./texts";
import { KIND_ICONS, shortAddress, stateOf } from "./words";

interface SourceRowProps {
	readonly source: Source;
	readonly now: number;
}

export function SourceRow({ source, now }: SourceRowProps) {
	const { id, name, kind, url, state } = source;
	const said = stateOf(source);
	return (
		<li class="knowledge-row source-row">
			<span class="source-icon">
				<Icon name={KIND_ICONS[kind]} />
			</span>
			<div class="knowledge-body">
				<a class="knowledge-name" href={sourcePath(id)}>
					{name}
				</a>
				<p class="knowledge-sub">{url === null ? t(`kind_${kind}`) : shortAddress(url)}</p>
			</div>
			<div class="source-counts">
				<PageCounts source={source} />
			</div>
			<div class="source-when">
				{said && <Badge tone={said.tone}>{said.text}</Badge>}
				{!said && state.endedAt !== null && (
					<TimeStamp at={state.endedAt} text={words.relative(state.endedAt, now)} />
				)}
			</div>
		</li>
	);
}

/** "1,204 pages" and what is not among them. */
export function PageCounts({ source }: { readonly source: Source }) {
	const { pages } = source.state;
	const isFiles = source.kind === "files";
	return (
		<>
			<span>{t(isFiles ? "files" : "pages", { count: pages.read })}</span>
			{pages.waiting > 0 && (
				<span class="quiet">{t("countWaiting", { count: pages.waiting })}</span>
			)}
			{pages.unread > 0 && <span class="quiet">{t("countUnread", { count: pages.unread })}</span>}
		</>
	);
}
