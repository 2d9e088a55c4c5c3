// The keys and commands of the inbox. They concern the selected conversation: the one that J and K have reached, or
// that is open.

import type { RefObject } from "preact";
import { useLocation } from "preact-iso";
import type { Conversation } from "../../../workerd/api/openapi/openapi";
import { type Command, useCommands } from "../shell/shortcuts";
import { t as common } from "../text/common";
import type { Actions } from "./actions";
import { CHOSEN_MAX, type Chosen } from "./chosen";
import type { ConversationList } from "./conversation-list";
import { listPath, openPath, type Place, showsView } from "./place";
import { t } from "./texts";
import type { WindowHandle } from "./window-list";

interface Inbox {
	readonly list: ConversationList;
	readonly actions: Actions;
	readonly place: Place;
	readonly handle: RefObject<WindowHandle | null>;
	readonly openId: string | null;
	/** Not the state: a key may follow the previous one before the page was rendered. */
	readonly selected: RefObject<string | null>;
	readonly select: (id: string) => void;
	readonly assign: (id: string) => void;
	readonly chosen: Chosen;
}

export function useInboxCommands(inbox: Inbox): void {
	const { list, actions, place, handle, openId, selected, select, assign, chosen } = inbox;
	const { route } = useLocation();
	const { rows } = list;

	function move(step: number) {
		if (!showsView(place)) {
			moveFocus(step);
			return;
		}
		const at = selected.current === null ? -1 : rows.indexOf(selected.current);
		const to = at < 0 ? (handle.current?.firstVisible() ?? 0) : at + step;
		const row: Conversation | undefined = rows.all[to];
		if (!row) return;
		select(row._id);
		handle.current?.reveal(row._id);
		// The open conversation follows, so that it is always the selected one.
		if (openId !== null) route(openPath(place, row._id), true);
	}

	/** Runs with the id of the conversation, if the user can see it: open, or a row of the list. */
	const on = (run: (id: string) => void) => () => {
		const id = selected.current;
		if (id !== null && (openId !== null || (showsView(place) && rows.indexOf(id) >= 0))) run(id);
	};

	const isResolved = selected.current !== null && rows.get(selected.current)?.state === "resolved";
	/** While a conversation is open, the thread has these commands; `what` tells it where to begin. */
	const writing: Command[] =
		openId === null
			? [
					{
						id: "resolve",
						text: t(isResolved ? "reopen" : "resolve"),
						key: "e",
						run: on((id) => {
							// The row may leave the list: its successor is the next to be looked at.
							const at = rows.indexOf(id);
							void actions.toggleResolved(id);
							const isGone = at >= 0 && rows.indexOf(id) < 0;
							const next = isGone ? (rows.all[at] ?? rows.all[at - 1]) : undefined;
							if (!next) return;
							select(next._id);
							handle.current?.reveal(next._id);
						}),
					},
					{ id: "assign", text: common("assign"), key: "a", run: on(assign) },
					...(["reply", "note"] as const).map((what) => ({
						id: what,
						text: t(what),
						key: what.charAt(0),
						run: on((id) => route(`${openPath(place, id)}#${what}`)),
					})),
				]
			: [];

	/** Of a list: a search has other rows. */
	const choosing: Command[] = !showsView(place)
		? []
		: [
				{ id: "choose", text: t("chooseOne"), key: "x", run: on((id) => chosen.toggle(id)) },
				{
					id: "choose to",
					text: t("chooseTo"),
					key: "X",
					run: on((id) => chosen.extend(id, id)),
				},
				{
					id: "choose all",
					text: t("chooseAll"),
					key: "mod+a",
					run: () => void list.loadUpTo(CHOSEN_MAX).then(() => chosen.everything()),
				},
			];

	useCommands([
		{ id: "next", text: t("next"), key: "j", run: () => move(1) },
		{ id: "previous", text: t("previous"), key: "k", run: () => move(-1) },
		{
			id: "open",
			text: t("open"),
			key: "Enter",
			run: on((id) => route(openPath(place, id))),
		},
		...writing,
		...choosing,
		{
			id: "search",
			text: t("search"),
			key: "/",
			run: () => {
				const field = document.getElementById("search");
				if (field) field.focus();
				else route(listPath({ ...place, filters: {} }));
			},
		},
		{
			id: "read",
			text: t("markAllRead"),
			run: () => void actions.markAllRead(),
		},
	]);
}

/** From result to result of a search, or from mention to mention. */
function moveFocus(step: number): void {
	const all = [...document.querySelectorAll<HTMLElement>(".result")];
	const at = all.indexOf(document.activeElement as HTMLElement);
	all[at < 0 ? 0 : at + step]?.focus();
}
