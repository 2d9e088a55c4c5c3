// What can be done with the chosen conversations, above the list; loaded when the first one is chosen.

import { useEffect, useReducer, useState } from "preact/hooks";
import type { Tag } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { Assigning } from "../../shell/assigning";
import { useRight } from "../../shell/me";
import { usePeople } from "../../shell/people";
import { useCommands } from "../../shell/shortcuts";
import { Snoozing } from "../../snooze/snoozing";
import { t as common } from "../../text/common";
import { IconButton } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { Menu } from "../../ui/menu";
import type { Chosen } from "../chosen";
import type { ConversationList } from "../conversation-list";
import { createManyActions } from "./actions";
import { TagDialog } from "./tag-dialog";
import { t } from "./texts";

interface ManyBarProps {
	readonly list: ConversationList;
	readonly chosen: Chosen;
}

type Dialog = "assign" | "tag" | "snooze" | null;

export function ManyBar({ list, chosen }: ManyBarProps) {
	const { api } = useDesk();
	const people = usePeople();
	const mayDelete = useRight("delete");
	const [dialog, setDialog] = useState<Dialog>(null);
	const actions = createManyActions(list, api);
	const rows = chosen.all();
	const count = rows.length;
	const [, changed] = useReducer((n: number) => n + 1, 0);
	useEffect(() => list.look(() => changed(undefined)), [list]);
	// All of them have left the list.
	useEffect(() => {
		if (count === 0) chosen.clear();
	}, [count]);
	const isResolved = rows.every(({ state }) => state === "resolved");
	const isUnread = rows.some(({ unread }) => unread);

	/** The rows are taken as they are when the command runs. */
	const on = (run: (chosen: ReturnType<Chosen["all"]>) => void) => () => {
		const rows = chosen.all();
		chosen.clear();
		if (rows.length > 0) run(rows);
	};
	const resolve = on((rows) =>
		actions.change(
			rows,
			{ state: isResolved ? "open" : "resolved" },
			t(isResolved ? "reopened" : "resolved", { count: rows.length }),
		),
	);
	const read = on((rows) =>
		actions.change(
			rows,
			{ read: isUnread },
			t(isUnread ? "readMarked" : "unreadMarked", { count: rows.length }),
		),
	);
	const remove = on((rows) => actions.remove(rows));
	const wake = on((rows) =>
		actions.change(rows, { snoozed: null }, t("woken", { count: rows.length })),
	);
	const isSnoozed = rows.every(({ snoozed }) => snoozed !== null);

	function snooze(until: number | null) {
		on((rows) =>
			actions.change(rows, { snoozed: { until } }, t("snoozed", { count: rows.length })),
		)();
	}

	async function assign(person: string | null): Promise<boolean> {
		const name = people.find(({ id }) => id === person)?.name;
		const rows = chosen.all();
		const text = { count: rows.length, name: name ?? common("nobody") };
		chosen.clear();
		if (rows.length > 0) void actions.change(rows, { assignedTo: person }, t("assigned", text));
		// The dialog says nothing itself.
		return false;
	}

	function tag(tag: Tag, isOn: boolean) {
		const rows = chosen.all();
		const text = { count: rows.length, name: tag.name };
		setDialog(null);
		chosen.clear();
		if (rows.length > 0)
			void actions.change(
				rows,
				isOn ? { addTags: [tag.id] } : { removeTags: [tag.id] },
				t(isOn ? "tagged" : "untagged", text),
			);
	}

	useCommands([
		{ id: "resolve", text: t(isResolved ? "reopen" : "resolve"), key: "e", run: resolve },
		{ id: "assign", text: t("assign"), key: "a", run: () => setDialog("assign") },
		{
			id: "snooze",
			text: t(isSnoozed ? "wake" : "snooze"),
			key: "z",
			run: isSnoozed ? wake : () => setDialog("snooze"),
		},
		{ id: "choose none", text: t("none"), key: "Escape", run: () => chosen.clear() },
	]);

	const [first] = rows;
	const sameAssignee = rows.every(({ assignedTo }) => assignedTo === first?.assignedTo);
	return (
		<fieldset class="many">
			<legend class="unseen">{t("actions")}</legend>
			<IconButton name="close" label={t("none")} onClick={() => chosen.clear()} />
			<span class="many-count" role="status">
				{t("count", { count })}
			</span>
			<IconButton
				name={isResolved ? "refresh" : "check"}
				label={t(isResolved ? "reopen" : "resolve")}
				onClick={resolve}
			/>
			<IconButton name="person" label={t("assign")} onClick={() => setDialog("assign")} />
			<IconButton name="tag" label={t("tag")} onClick={() => setDialog("tag")} />
			{!isResolved && (
				<IconButton
					name="clock"
					label={t(isSnoozed ? "wake" : "snooze")}
					onClick={isSnoozed ? wake : () => setDialog("snooze")}
				/>
			)}
			<Menu
				label={t("more")}
				items={[
					{ text: t(isUnread ? "read" : "unread"), icon: "mail", run: read },
					{
						text: t("exportText"),
						icon: "download",
						run: () => void actions.export(chosen.all(), "text"),
					},
					{
						text: t("exportJson"),
						icon: "download",
						run: () => void actions.export(chosen.all(), "json"),
					},
					...(mayDelete
						? [{ text: t("delete"), icon: "trash" as const, isDangerous: true, run: remove }]
						: []),
				]}
			>
				<Icon name="more" />
			</Menu>
			{dialog === "assign" && (
				<Assigning
					assignedTo={sameAssignee && first ? first.assignedTo : ""}
					onAssign={assign}
					onClose={() => setDialog(null)}
				/>
			)}
			{dialog === "snooze" && <Snoozing onPick={snooze} onClose={() => setDialog(null)} />}
			{dialog === "tag" && <TagDialog rows={rows} onPick={tag} onClose={() => setDialog(null)} />}
		</fieldset>
	);
}
