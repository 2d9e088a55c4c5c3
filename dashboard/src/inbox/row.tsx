// A row of the list. It renders again only when something of it has changed, because scrolling renders the list often.

import { Component } from "preact";
import type { Conversation, Tag } from "../../../workerd/api/openapi/openapi";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Icon } from "../ui/icon";
import { TimeStamp } from "../ui/time-stamp";
import { figureOf, VisitorAvatar } from "../ui/visitor-avatar";
import { visitorName } from "../ui/visitor-name";
import { t } from "./texts";

/** The names that rows need. */
export interface Names {
	readonly people: ReadonlyMap<string, string>;
	readonly tags: ReadonlyMap<string, Tag>;
}

interface RowProps {
	readonly row: Conversation;
	readonly href: string;
	/** Its position in the list and in pixels. */
	readonly index: number;
	readonly top: number;
	/** -1: not known. */
	readonly total: number;
	/** How long ago the last activity was. */
	readonly time: string;
	/** How long the visitor waits, or until when it is snoozed; empty: neither. */
	readonly wait: string;
	readonly isOpen: boolean;
	readonly isSelected: boolean;
	/** For what is done with many. */
	readonly isChosen: boolean;
	readonly choose: (id: string, isRange: boolean) => void;
	readonly names: Names;
}

const TAGS_MAX = 2;

export class Row extends Component<RowProps> {
	override shouldComponentUpdate(next: RowProps): boolean {
		const now = this.props;
		return (Object.keys(next) as Array<keyof RowProps>).some((name) => next[name] !== now[name]);
	}

	override render({
		row,
		href,
		index,
		top,
		total,
		time,
		wait,
		isOpen,
		isSelected,
		isChosen,
		choose,
		names,
	}: RowProps) {
		const name = visitorName(row);
		const classes = ["row", row.unread && "row-unread", isSelected && "row-selected"];
		return (
			<li
				class="row-place"
				style={{ top: `${top}px` }}
				aria-posinset={index + 1}
				aria-setsize={total}
			>
				<a
					class={classes.filter(Boolean).join(" ")}
					href={href}
					data-id={row._id}
					aria-current={isOpen ? "true" : undefined}
				>
					<VisitorAvatar visitor={figureOf(row)} />
					<span class="row-head">
						<span class="row-name">{name}</span>
						<TimeStamp at={row.updatedAt} text={time} />
					</span>
					<RowText row={row} />
					<RowMarks row={row} wait={wait} names={names} />
					{row.unread && (
						<span class="row-dot">
							<span class="unseen">{t("unread")}</span>
						</span>
					)}
				</a>
				<input
					class="row-check"
					type="checkbox"
					tabIndex={isSelected || isChosen ? 0 : -1}
					aria-label={t("select", { name })}
					checked={isChosen}
					onClick={(event) => choose(row._id, event.shiftKey)}
				/>
			</li>
		);
	}
}

/** The first line, without the signs of Markdown. */
export function firstLine(text: string): string {
	const line = text.trim().split("\n", 1)[0] ?? "";
	return line
		.replace(/^(#{1,6}|>|[-*+]) +/, "")
		.replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, "$1")
		.replace(/\*\*|__|~~|`/g, "")
		.replace(/\*(\S[^*]*)\*/g, "$1");
}

function RowText({ row }: { readonly row: Conversation }) {
	const { status } = row;
	if (status === "active" || status === "waiting")
		return (
			<span class="row-text row-live">{t(status === "active" ? "replying" : "deciding")}</span>
		);
	const from =
		row.lastRole === "operator" ? "person" : row.lastRole === "assistant" ? "agents" : "";
	return (
		<span class="row-text">
			{from && <Icon name={from} />}
			{from && <span class="unseen">{t(from === "person" ? "fromOperator" : "fromAgent")}: </span>}
			{firstLine(row.lastMessage) || t("noText")}
		</span>
	);
}

function RowMarks({ row, wait, names }: Pick<RowProps, "row" | "wait" | "names">) {
	const { state, operator, assignedTo } = row;
	const assigned = assignedTo && (names.people.get(assignedTo) ?? t("somebody"));
	const tags = row.tags.flatMap((id) => names.tags.get(id) ?? []);
	const more = tags.length - TAGS_MAX;
	const hasNone = state === "open" && !row.snoozed && !assigned && tags.length === 0;
	if (hasNone) return null;
	return (
		<span class="row-marks">
			{row.snoozed && (
				<Badge>
					<Icon name="clock" />
					{wait}
				</Badge>
			)}
			{state === "waiting" && !row.snoozed && (
				<Badge tone="warn">{t("waits", { time: wait })}</Badge>
			)}
			{state === "resolved" && <Badge tone="good">{t("resolved")}</Badge>}
			{state === "person" && <Badge tone="accent">{operator?.name ?? t("person")}</Badge>}
			{assigned && assigned !== operator?.name && (
				<span class="row-assigned" title={t("assignedTo", { name: assigned })}>
					<Icon name="person" />
					{assigned}
				</span>
			)}
			{tags.slice(0, TAGS_MAX).map((tag) => (
				<span class="row-tag" key={tag.id}>
					<span class="tag-dot" style={{ background: tag.color }} />
					<span class="row-tag-name">{tag.name}</span>
				</span>
			))}
			{more > 0 && <span class="row-more">+{more}</span>}
		</span>
	);
}

/** How long ago, as short as possible. */
export const timeOf = (row: Conversation, now: number): string => words.brief(row.updatedAt, now);

export function waitOf({ waitingSince, snoozed }: Conversation, now: number): string {
	if (!snoozed) return waitingSince === null ? "" : words.brief(waitingSince, now);
	return snoozed.until === null
		? t("snoozedAnswer")
		: t("snoozedUntil", { time: words.until(snoozed.until, now) });
}
