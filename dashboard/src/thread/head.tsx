// The head of the thread: who it is, in which state, who is in charge, and what can be done.

import { useLocation } from "preact-iso";
import type { Conversation } from "../../../workerd/api/openapi/openapi";
import { address } from "../api/client";
import { settingsPath } from "../paths";
import { useRight } from "../shell/me";
import { usePeople } from "../shell/people";
import { t as common } from "../text/common";
import { words } from "../text/words";
import { Button, IconButton } from "../ui/button";
import { Icon } from "../ui/icon";
import { Menu, type MenuItem } from "../ui/menu";
import { figureOf, VisitorAvatar } from "../ui/visitor-avatar";
import { visitorName } from "../ui/visitor-name";
import { t } from "./texts";
import type { Actions } from "./use-actions";

export const STATES = {
	open: "stateOpen",
	waiting: "stateWaiting",
	person: "statePerson",
	resolved: "stateResolved",
} as const;

interface HeadProps {
	readonly conversation: Conversation | null;
	readonly actions: Actions;
	/** Where the conversation was opened: a view, or a search. */
	readonly back: string;
	readonly isPanelOpen: boolean;
	readonly onPanel: () => void;
	readonly onAssign: () => void;
	readonly onSnooze: () => void;
	readonly onCopyLink: () => void;
	readonly onDelete: () => void;
}

export function Head(props: HeadProps) {
	const { conversation, actions, back, isPanelOpen, onPanel, onAssign, onSnooze } = props;
	const { onCopyLink, onDelete } = props;
	const mayDelete = useRight("delete");
	const { route } = useLocation();
	return (
		<div class="thread-head">
			<a class="icon-button thread-back" href={back} aria-label={t("toList")} title={t("toList")}>
				<Icon name="back" />
			</a>
			{conversation && (
				<>
					<VisitorAvatar visitor={figureOf(conversation)} />
					<div class="thread-who">
						<h2 class="thread-name" dir="auto" tabIndex={-1}>
							{visitorName(conversation)}
						</h2>
						<StateMenu conversation={conversation} actions={actions} />
						{conversation.snoozed && (
							<span class="thread-snoozed">
								<Icon name="clock" />
								{snoozedText(conversation.snoozed)}
							</span>
						)}
					</div>
					<div class="thread-actions">
						<AssignButton assignedTo={conversation.assignedTo} onAssign={onAssign} />
						<ResolveButton conversation={conversation} actions={actions} />
						<IconButton
							name="panel"
							label={t("sidePanel")}
							aria-expanded={isPanelOpen}
							aria-controls="thread-side"
							onClick={onPanel}
						/>
						<Menu
							label={t("moreActions")}
							items={moreItems(
								conversation,
								actions,
								(sessionId) => route(blockPath(sessionId)),
								onSnooze,
								onCopyLink,
								mayDelete ? onDelete : null,
							)}
						>
							<Icon name="more" />
						</Menu>
					</div>
				</>
			)}
		</div>
	);
}

function snoozedText({ until }: NonNullable<Conversation["snoozed"]>): string {
	return until === null
		? t("snoozedAnswer")
		: t("snoozedUntil", { time: words.until(until, Date.now()) });
}

/** The settings, where this visitor can be blocked. */
const blockPath = (sessionId: string) =>
	`${settingsPath("blocks")}?kind=session&target=${encodeURIComponent(sessionId)}`;

interface PartProps {
	readonly conversation: Conversation;
	readonly actions: Actions;
}

function ResolveButton({ conversation, actions }: PartProps) {
	const isResolved = conversation.state === "resolved";
	return (
		<Button isSmall icon={isResolved ? "refresh" : "check"} onClick={actions.toggleResolved}>
			<span class="thread-action-text">{isResolved ? t("reopen") : t("resolve")}</span>
		</Button>
	);
}

function StateMenu({ conversation, actions }: PartProps) {
	const { state } = conversation;
	const choices = (["open", "waiting", "resolved"] as const).map(
		(one): MenuItem => ({
			text: t(STATES[one]),
			isChecked: one === state,
			run: () => void actions.change({ state: one }),
		}),
	);
	// A takeover ends by handing back, or by resolving.
	const items =
		state === "person"
			? [{ text: t("stateResolved"), run: () => void actions.change({ state: "resolved" }) }]
			: choices;
	return (
		<Menu class="thread-state" label={`${t(STATES[state])}: ${t("changeState")}`} items={items}>
			<i class="state-dot" data-state={state} aria-hidden="true" />
			{t(STATES[state])}
			<Icon name="down" />
		</Menu>
	);
}

interface AssignButtonProps {
	readonly assignedTo: string | null;
	readonly onAssign: () => void;
}

function AssignButton({ assignedTo, onAssign }: AssignButtonProps) {
	const people = usePeople();
	const assigned = people.find(({ id }) => id === assignedTo);
	const name = assignedTo === null ? t("unassigned") : (assigned?.name ?? t("assignedOther"));
	const label = `${name}: ${common("assign")}`;
	return (
		<Button
			isSmall
			kind="quiet"
			icon="person"
			aria-haspopup="dialog"
			aria-label={label}
			title={label}
			onClick={onAssign}
		>
			<span class="thread-action-text">{name}</span>
		</Button>
	);
}

/** A plain link: the browser saves the file. */
function download(conversationId: string, format: "json" | "text"): void {
	const link = document.createElement("a");
	link.href = address(
		"/v1/admin/conversations/{conversationId}/export",
		{ conversationId },
		{ format },
	);
	link.download = "";
	link.click();
}

function moreItems(
	{ _id, sessionId, state, snoozed, following = false }: Conversation,
	actions: Actions,
	onBlock: (sessionId: string) => void,
	onSnooze: () => void,
	onCopyLink: () => void,
	/** Null: the user may not. */
	onDelete: (() => void) | null,
): MenuItem[] {
	return [
		...(state === "resolved"
			? []
			: [{ text: t(snoozed ? "wake" : "snooze"), icon: "clock" as const, run: onSnooze }]),
		{
			text: t(following ? "unfollow" : "follow"),
			icon: "bell",
			run: () => void actions.follow(!following),
		},
		{ text: t("copyThreadLink"), icon: "link", run: onCopyLink },
		{ text: t("exportText"), icon: "download", run: () => download(_id, "text") },
		{ text: t("exportJson"), icon: "download", run: () => download(_id, "json") },
		{ text: t("sendTranscript"), icon: "mail", run: () => void actions.sendTranscript() },
		{ text: t("block"), icon: "lock", run: () => onBlock(sessionId) },
		...(onDelete
			? [
					{
						text: t("deleteConversation"),
						icon: "trash" as const,
						isDangerous: true,
						run: onDelete,
					},
				]
			: []),
	];
}
