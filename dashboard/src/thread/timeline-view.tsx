// The days with their groups: who wrote, and what.

import { Component } from "preact";
import type { Note } from "../../../workerd/api/openapi/openapi";
import { useNow } from "../hooks/use-now";
import { PersonAvatar } from "../shell/person-avatar";
import { words } from "../text/words";
import { Icon } from "../ui/icon";
import { TimeStamp } from "../ui/time-stamp";
import { type Figured, VisitorAvatar } from "../ui/visitor-avatar";
import { NoteCard } from "./note-card";
import { Row, type RowActions } from "./row";
import { t } from "./texts";
import type { Day, Entry, Group } from "./timeline";

interface TimelineProps extends RowActions {
	readonly days: readonly Day[];
	readonly visitor: Figured & { readonly name: string };
	readonly target: string | null;
	readonly onDeleteNote: (note: Note) => void;
}

export function TimelineView(props: TimelineProps) {
	const now = useNow();
	return (
		<>
			{props.days.map((day) => (
				<section
					class="day" // Stays when older messages of the day are loaded.
					key={new Date(day.at).toDateString()}
					aria-label={words.day(day.at, now)}
				>
					<h3 class="day-name">
						<span>{words.day(day.at, now)}</span>
					</h3>
					{day.groups.map((group) => (
						<GroupView key={group.key} group={group} {...props} />
					))}
				</section>
			))}
		</>
	);
}

function nameOf({ who, name }: Group, visitor: string): string {
	if (who === "user") return visitor;
	if (who === "assistant") return t("assistant");
	return name ?? t("someone");
}

interface GroupProps extends Omit<TimelineProps, "days"> {
	readonly group: Group;
}

const contentOf = (entry: Entry) => (entry.kind === "note" ? entry.note : entry.item);

/** The groups are made again with each message and each piece of a reply. */
function isSameGroup(a: Group, b: Group): boolean {
	return (
		a.who === b.who &&
		a.by === b.by &&
		a.name === b.name &&
		a.entries.length === b.entries.length &&
		a.entries.every((entry, i) => {
			const other = b.entries[i];
			return other !== undefined && contentOf(entry) === contentOf(other);
		})
	);
}

const holds = ({ entries }: Group, target: string | null) =>
	entries.some((entry) => entry.kind === "message" && entry.item.id === target);

/** A thread has hundreds: only those that changed are rendered again. */
class GroupView extends Component<GroupProps> {
	override shouldComponentUpdate({ group, visitor, target }: GroupProps): boolean {
		const now = this.props;
		return (
			!isSameGroup(group, now.group) ||
			visitor.id !== now.visitor.id ||
			visitor.name !== now.visitor.name ||
			visitor.person !== now.visitor.person ||
			(target !== now.target && (holds(group, target) || holds(group, now.target)))
		);
	}

	override render({ group, visitor, target, onDeleteNote, ...actions }: GroupProps) {
		const { who, entries } = group;
		const name = nameOf(group, visitor.name);
		return (
			<div class="group" data-who={who}>
				<div class="group-avatar">
					{who === "assistant" ? (
						<span class="avatar avatar-assistant" aria-hidden="true">
							<Icon name="agents" />
						</span>
					) : who === "note" ? (
						<span class="avatar avatar-note" aria-hidden="true">
							<Icon name="note" />
						</span>
					) : who === "operator" ? (
						<PersonAvatar id={group.by} name={name} />
					) : (
						<VisitorAvatar visitor={visitor} />
					)}
				</div>
				<div class="group-body">
					<p class="group-head">
						<span class="group-name" dir="auto">
							{name}
						</span>
						{entries[0] && <TimeStamp at={entries[0].at} text={words.clock(entries[0].at)} />}
						{who === "note" && <span class="group-kind">{t("noteKind")}</span>}
						{who === "operator" && <span class="group-kind">{t("operatorKind")}</span>}
					</p>
					<ol class="group-rows">
						{entries.map((entry) =>
							entry.kind === "note" ? (
								<li class="row-note" key={entry.note.id} data-row={entry.note.id} data-role="note">
									<NoteCard note={entry.note} onDelete={() => onDeleteNote(entry.note)} />
								</li>
							) : (
								<Row
									key={entry.item.id}
									item={entry.item}
									isTarget={entry.item.id === target}
									actions={actions}
								/>
							),
						)}
					</ol>
				</div>
			</div>
		);
	}
}
