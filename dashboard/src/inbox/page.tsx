// The inbox: a list of conversations, and the one that is open beside it; on phones, one of them at a time.

import type { RefObject } from "preact";
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { ErrorBoundary, useLocation, useRoute } from "preact-iso";
import type { Me } from "../../../workerd/api/openapi/openapi";
import { useKept } from "../api/desk";
import type { Entry } from "../api/entry";
import { page } from "../area";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { useIsNarrow } from "../hooks/use-narrow";
import { Assigning } from "../shell/assigning";
import { useCounts } from "../shell/counts";
import { t as common } from "../text/common";
import { t as threadTexts } from "../thread/texts";
import threadStyles from "../thread/thread.css?link";
import { Blank } from "../ui/blank";
import { IconButton } from "../ui/button";
import { Icon } from "../ui/icon";
import { Menu } from "../ui/menu";
import { createActions } from "./actions";
import { Bell } from "./bell";
import { Chosen } from "./chosen";
import { useInboxCommands } from "./commands";
import { ConversationList } from "./conversation-list";
import inboxStyles from "./inbox.css?link";
import { ListPane } from "./list-pane";
import manyStyles from "./many/many.css?link";
import { t as manyTexts } from "./many/texts";
import { useNames } from "./names";
import { listPath, placeOf, rememberView, reviewOf, showsView } from "./place";
import { t as searchTexts } from "./search/texts";
import { t } from "./texts";
import { ViewSwitcher, Views, viewTitle } from "./view-list";
import type { WindowHandle } from "./window-list";

const inbox = { styles: inboxStyles, texts: t };
const Thread = page(
	{ styles: threadStyles, texts: threadTexts },
	async () => (await import("../thread/thread")).Thread,
);
const ManyBar = page(
	{ styles: manyStyles, texts: manyTexts },
	async () => (await import("./many/bar")).ManyBar,
);
const MentionsPane = page(inbox, async () => (await import("./mentions-pane")).MentionsPane);
const SearchPane = page(
	{ styles: inboxStyles, texts: searchTexts },
	async () => (await import("./search/pane")).SearchPane,
);

export function InboxPage() {
	const { path, query, route } = useLocation();
	const { params } = useRoute();
	const openId = params.id ?? null;
	const place = placeOf(path, query);
	const { view, filters } = place;
	const list = useKept(`list ${view}`, (desk) => {
		const me = () => (desk.entries.get("me") as Entry<Me> | undefined)?.get().data ?? null;
		return new ConversationList(desk, view, me);
	});
	const actions = createActions(list);
	const names = useNames();
	const { data: counts } = useCounts();
	const handle = useRef<WindowHandle>(null);
	const [selectedId, setSelectedId] = useState(openId);
	const selected = useRef(openId);
	const [assigning, setAssigning] = useState<string | null>(null);
	const [, choiceChanged] = useReducer((n: number) => n + 1, 0);
	const chosen = useMemo(() => new Chosen(list.rows, () => choiceChanged(undefined)), [list]);
	const choose = useCallback(
		(id: string, isRange: boolean) =>
			isRange ? chosen.extend(id, selected.current) : chosen.toggle(id),
		[chosen],
	);
	const review = reviewOf(filters);
	const current = place.isMentions ? "mentions" : view;
	const title = filters ? t(review ?? "search") : viewTitle(current, names);

	useArrival(focusHeading);
	useEffect(() => rememberView(view), [view]);
	const select = (id: string) => {
		selected.current = id;
		setSelectedId(id);
	};
	useEffect(() => {
		if (openId !== null) select(openId);
	}, [openId]);
	useFocusOnPhones(openId, selected);
	useInboxCommands({
		list,
		actions,
		place,
		handle,
		openId,
		selected,
		select,
		assign: setAssigning,
		chosen,
	});
	const isChoosing = showsView(place) && chosen.all().length > 0;

	return (
		<main class={openId ? "inbox inbox-open" : "inbox"} id="main" tabIndex={-1}>
			<div class="inbox-views">
				<Views current={filters ? review : current} counts={counts} names={names} />
			</div>
			<section
				class={isChoosing ? "inbox-list inbox-choosing" : "inbox-list"}
				aria-label={t("conversations")}
			>
				{isChoosing && (
					<ErrorBoundary>
						<ManyBar list={list} chosen={chosen} />
					</ErrorBoundary>
				)}
				<div class="inbox-head" hidden={isChoosing}>
					<h1 class="unseen" tabIndex={-1}>
						{common("inbox")}: {title}
					</h1>
					{filters ? (
						<>
							<a class="icon-button" href={listPath({ view, filters: null })}>
								<Icon name="back" />
								<span class="unseen">{t("closeSearch")}</span>
							</a>
							<span class="switcher-title">{title}</span>
						</>
					) : (
						<>
							<ViewSwitcher title={title} current={current} counts={counts} names={names} />
							{current !== "waiting" && counts !== null && counts.waiting > 0 && (
								<a
									class="badge badge-warn waiting-link"
									href={listPath({ view: "waiting", filters: null })}
								>
									{t("waitingCount", { count: counts.waiting })}
								</a>
							)}
						</>
					)}
					<div class="inbox-actions">
						{!filters && (
							<IconButton
								name="search"
								label={t("search")}
								onClick={() => route(listPath({ view, filters: {} }))}
							/>
						)}
						<Bell />
						<Menu
							label={common("more")}
							items={[
								{
									text: t("markAllRead"),
									icon: "check",
									run: () => void actions.markAllRead(),
								},
							]}
						>
							<Icon name="more" />
						</Menu>
					</div>
				</div>
				{filters ? (
					<ErrorBoundary>
						<SearchPane place={place} filters={filters} names={names} message={query.message} />
					</ErrorBoundary>
				) : place.isMentions ? (
					<ErrorBoundary>
						<MentionsPane place={place} unread={counts?.mentions ?? null} openId={openId} />
					</ErrorBoundary>
				) : (
					<ListPane
						key={view}
						list={list}
						place={place}
						counts={counts}
						names={names}
						openId={openId}
						selectedId={selectedId}
						handle={handle}
						label={t("conversations")}
						chosen={chosen}
						choose={choose}
					/>
				)}
			</section>
			<div class="inbox-thread">
				{openId ? (
					<ErrorBoundary>
						<Thread
							key={openId}
							id={openId}
							back={listPath(place)}
							{...(query.message !== undefined && { message: query.message })}
						/>
					</ErrorBoundary>
				) : (
					<NoThread />
				)}
			</div>
			{assigning && (
				<Assigning
					assignedTo={list.rows.get(assigning)?.assignedTo ?? null}
					onAssign={(person) => actions.assign(assigning, person)}
					onClose={() => setAssigning(null)}
				/>
			)}
		</main>
	);
}

/** On phones, the list or the thread is hidden, and with it what had the focus. */
function useFocusOnPhones(openId: string | null, selected: RefObject<string | null>): void {
	const isNarrow = useIsNarrow();
	const before = useRef(openId);
	useEffect(() => {
		if (before.current === openId) return;
		before.current = openId;
		if (!isNarrow) return;
		const row = openId === null && `[data-id="${CSS.escape(selected.current ?? "")}"]`;
		document.querySelector<HTMLElement>(row || "#main")?.focus({ preventScroll: true });
	}, [openId]);
}

/** In place of a thread, which has a title of its own. */
function NoThread() {
	useTitle(common("inbox"));
	return (
		<Blank icon="inbox" title={t("selectTitle")}>
			<p class="keys-hint">{t("selectText")}</p>
		</Blank>
	);
}
