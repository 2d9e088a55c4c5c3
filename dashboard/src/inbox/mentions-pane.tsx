// The notes that mention the user, newest first. One opens its conversation, and is read then.

import type { Mention } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useNow } from "../hooks/use-now";
import { usePages } from "../hooks/use-pages";
import { toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import { words } from "../text/words";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { EndOfList } from "../ui/end-of-list";
import { Icon } from "../ui/icon";
import { Skeleton } from "../ui/skeleton";
import { TimeStamp } from "../ui/time-stamp";
import { TroubleScreen } from "../ui/trouble";
import { openPath, type Place } from "./place";
import { t } from "./texts";

const PAGE = 50;
/** As many as the server allows. */
const PAGE_MAX = 200;

interface MentionsPaneProps {
	readonly place: Place;
	/** How many are unread; null: not known yet. */
	readonly unread: number | null;
	readonly openId: string | null;
}

export function MentionsPane({ place, unread, openId }: MentionsPaneProps) {
	const { api } = useDesk();
	const now = useNow();
	const { items, error, refresh, end } = usePages<Mention>("mentions", {
		async load(api, cursor, signal, shown) {
			const limit = cursor === undefined ? Math.min(Math.max(shown, PAGE), PAGE_MAX) : PAGE;
			const { mentions, nextCursor } = await api.get("/v1/admin/mentions", {
				query: { limit, ...(cursor !== undefined && { cursor }) },
				signal,
			});
			return { items: mentions, next: nextCursor };
		},
		kinds: ["mention", "conversation"],
		isAffected: ({ kind, change }) => kind === "mention" || change === "deleted",
		idOf: ({ id }) => id,
		isAfter: (one, other) => one.id < other.id,
	});

	if (items === null)
		return error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={6} />;
	if (items.length === 0)
		return (
			<Blank icon="note" title={t("mentionsNone")}>
				<p>{t("mentionsNoneText")}</p>
			</Blank>
		);
	return (
		<div class="results">
			{unread !== null && unread > 0 && (
				<p class="list-end">
					<Button
						isSmall
						kind="quiet"
						onClick={() => api.post("/v1/admin/mentions/read", { body: {} }).catch(toastError)}
					>
						{t("markAllRead")}
					</Button>
				</p>
			)}
			<ul aria-label={t("mentions")}>
				{items.map((one) => (
					<li key={one.id}>
						<a
							class="result"
							href={openPath(place, one.conversationId)}
							data-unread={one.readAt === null}
							aria-current={one.conversationId === openId ? "true" : undefined}
						>
							<span class="result-head">
								<Icon name="note" />
								<span class="result-kind">
									<Author mention={one} />
								</span>
								<TimeStamp at={one.createdAt} text={words.brief(one.createdAt, now)} />
							</span>
							<span class="result-text" dir="auto">
								{one.text}
							</span>
						</a>
					</li>
				))}
			</ul>
			<EndOfList {...end} end={common("total", { count: items.length })} />
		</div>
	);
}

/** Stands out while the mention is unread. */
function Author({ mention: { authorName, readAt } }: { readonly mention: Mention }) {
	const name = authorName ?? common("colleague");
	if (readAt !== null) return <span dir="auto">{name}</span>;
	return (
		<>
			<b dir="auto">{name}</b>
			<span class="unseen"> {t("unread")}</span>
		</>
	);
}
