// The views with their counts: a column on very wide windows, otherwise behind a button.

import { useRef } from "preact/hooks";
import type { Counts, Tag } from "../../../workerd/api/openapi/openapi";
import { searchPath } from "../paths";
import { useMe } from "../shell/me";
import { formatNumber } from "../text/texts";
import { Icon } from "../ui/icon";
import { listPath, MENTIONS_PATH, REVIEWS, type Review } from "./place";
import { t } from "./texts";
import { countOf, isPlain, PLAIN_VIEWS, type View } from "./views";

export interface ViewNames {
	readonly widgets: ReadonlyMap<string, string>;
	readonly tags: ReadonlyMap<string, Tag>;
}

export function viewTitle(view: View | "mentions", { widgets, tags }: ViewNames): string {
	if (view === "mentions" || isPlain(view)) return t(view);
	const id = view.slice(view.indexOf(":") + 1);
	return view.startsWith("widget:")
		? (widgets.get(id) ?? t("deletedWidget"))
		: (tags.get(id)?.name ?? t("deletedTag"));
}

interface ViewsProps {
	/** null: none is shown. */
	readonly current: View | Review | "mentions" | null;
	/** null: not known yet. */
	readonly counts: Counts | null;
	readonly names: ViewNames;
	readonly onSelect?: () => void;
}

export function Views({ current, counts, names, onSelect }: ViewsProps) {
	const hasUser = Boolean(useMe().data?.user);
	const line = (view: View | "mentions", color?: string) => (
		<a
			class="view"
			href={view === "mentions" ? MENTIONS_PATH : listPath({ view, filters: null })}
			key={view}
			aria-current={view === current ? "page" : undefined}
			onClick={onSelect}
		>
			{color && <span class="tag-dot" style={{ background: color }} />}
			<span class="view-name">{viewTitle(view, names)}</span>
			<span class="view-count">{counts ? formatNumber(countOf(view, counts)) : ""}</span>
		</a>
	);
	return (
		<nav class="views" aria-label={t("views")}>
			{PLAIN_VIEWS.filter((view) => view !== "mine" || hasUser).map((view) => line(view))}
			{hasUser && line("mentions")}
			<p class="views-head">{t("reviews")}</p>
			{(Object.keys(REVIEWS) as Review[]).map((review) => (
				<a
					class="view"
					href={searchPath(REVIEWS[review])}
					key={review}
					aria-current={review === current ? "page" : undefined}
					onClick={onSelect}
				>
					<span class="view-name">{t(review)}</span>
				</a>
			))}
			{names.widgets.size > 1 && <p class="views-head">{t("widgets")}</p>}
			{names.widgets.size > 1 && [...names.widgets.keys()].map((id) => line(`widget:${id}`))}
			{names.tags.size > 0 && <p class="views-head">{t("tags")}</p>}
			{[...names.tags.values()].map((tag) => line(`tag:${tag.id}`, tag.color))}
		</nav>
	);
}

/** The heading of the list, which opens the views. */
export function ViewSwitcher(
	props: ViewsProps & { readonly current: View | "mentions"; readonly title: string },
) {
	const popover = useRef<HTMLDivElement>(null);
	const button = useRef<HTMLButtonElement>(null);
	const { title, current, counts } = props;

	function place() {
		const anchor = button.current?.getBoundingClientRect();
		if (!popover.current || !anchor) return;
		popover.current.style.left = `${anchor.left}px`;
		popover.current.style.top = `${anchor.bottom + 6}px`;
	}

	return (
		<>
			<button class="switcher" type="button" ref={button} popovertarget="views">
				<span class="unseen">{t("views")}: </span>
				<span class="switcher-title">{title}</span>
				{counts && <span class="view-count">{formatNumber(countOf(current, counts))}</span>}
				<Icon name="down" />
			</button>
			<div class="views-popover" id="views" popover="auto" ref={popover} onBeforeToggle={place}>
				<Views {...props} onSelect={() => popover.current?.hidePopover()} />
			</div>
		</>
	);
}
