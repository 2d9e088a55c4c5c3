// The open conversation: its messages as they come, what is known besides, and where an operator answers.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Note } from "../../../workerd/api/openapi/openapi";
import { useTitle } from "../hooks/use-arrival";
import { conversationPath } from "../paths";
import { Assigning } from "../shell/assigning";
import { operatorId, useMe } from "../shell/me";
import { useCommands } from "../shell/shortcuts";
import { toast } from "../shell/toasts";
import { Snoozing } from "../snooze/snoozing";
import { t as common } from "../text/common";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { figureOf } from "../ui/visitor-avatar";
import { visitorName } from "../ui/visitor-name";
import { LiveRegion, useAnnouncer } from "./announcer";
import { Composer } from "./composer";
import type { Mode } from "./drafts";
import { Gone } from "./gone";
import { Head } from "./head";
import type { Item } from "./item";
import { useMakingAnswers } from "./make-answer";
import { Messages } from "./messages";
import { holderOf, operatorName, rememberOperatorName } from "./operator";
import type { Outgoing } from "./outbox";
import { PeopleHere } from "./people-here";
import { DeleteConversation, DeleteNote } from "./questions";
import { SidePanel } from "./side-panel";
import { t } from "./texts";
import { useActions } from "./use-actions";
import { useAttaching } from "./use-attaching";
import { useDraft } from "./use-draft";
import { useOutbox } from "./use-outbox";
import { usePanel } from "./use-panel";
import { usePresence } from "./use-presence";
import { useConversation, useMentionsMark, useNotes, useReadMark, useThread } from "./use-thread";

interface ThreadProps {
	readonly id: string;
	/** A message to be shown and marked. */
	readonly message?: string;
	/** The address of the list beside it. */
	readonly back: string;
}

/** Fills its pane. */
export function Thread(props: ThreadProps) {
	const me = useMe();
	const user = operatorId(me.data);
	// Drafts and unsent messages are the user's.
	if (user !== null) return <OpenThread {...props} user={user} key={`${user} ${props.id}`} />;
	return (
		<div class="thread">
			{me.error ? (
				<TroubleScreen error={me.error} retry={me.refresh} />
			) : (
				<Skeleton kind="thread" rows={5} label={t("loadingThread")} />
			)}
		</div>
	);
}

const NO_NOTES: readonly Note[] = [];

type Question = { readonly about: "conversation" } | { readonly about: "note"; note: Note } | null;

async function copyLink(id: string, messageId?: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(location.origin + conversationPath(id, messageId));
		toast({ text: t("linkCopied") });
	} catch {
		toast({ text: t("linkNotCopied"), isBad: true });
	}
}

interface OpenThreadProps extends ThreadProps {
	/** The operator's id. */
	readonly user: string;
}

function OpenThread({ user, id, message, back }: OpenThreadProps) {
	const root = useRef<HTMLDivElement>(null);
	const field = useRef<HTMLTextAreaElement>(null);
	const [isAtEnd, setAtEnd] = useState(true);
	const [hasNew, setNew] = useState(false);
	const [jumps, setJumps] = useState(0);
	const [question, setQuestion] = useState<Question>(null);
	const [isAssigning, setAssigning] = useState(false);
	const [isSnoozing, setSnoozing] = useState(false);
	const me = useMe().data;
	const conversation = useConversation(id);
	const notes = useNotes(id);
	const announcer = useAnnouncer();
	const panel = usePanel(root);
	const actions = useActions(id, conversation, () => notes.refresh());
	const { makeAnswer, answerDialog } = useMakingAnswers(id);

	const { data } = conversation;
	const name = data ? visitorName(data) : "";
	const isMine = (item: Item) => item.role === "operator" && item.author?.id === user;
	const presence = usePresence(id);
	const thread = useThread(id, message, {
		onArrival(item) {
			if (isMine(item)) return;
			announcer.announce(item, name);
			if (!isAtEnd) setNew(true);
		},
		onPresence: (event) => presence.hear(event, user),
	});
	const outbox = useOutbox(user, id, me, thread.add);
	const [operator, setOperator] = useState(() => operatorName(me));
	const holder = data ? holderOf(data, me) : "model";
	const draft = useDraft(user, id, holder === "me", presence);
	const attaching = useAttaching(user, id, me?.files);
	useReadMark(id, conversation, isAtEnd && thread.span !== null);
	useMentionsMark(id, isAtEnd && notes.data !== null);
	useTitle(name || t("conversation"));

	const isThere = data !== null;
	const isGone = thread.isGone || conversation.error?.status === 404;

	/** The field of another kind takes the focus when it is there. */
	function focusComposer(mode: Mode) {
		if (draft.mode() === mode) field.current?.focus();
		else draft.setMode(mode);
	}

	// The inbox leads here with "r" and "n".
	useEffect(() => {
		const mode = /^#(reply|note)$/.exec(location.hash)?.[1];
		if (!isThere || !mode) return;
		history.replaceState(history.state, "", location.pathname + location.search);
		focusComposer(mode === "note" ? "note" : "reply");
	}, [isThere]);

	const snooze = () => (data?.snoozed ? void actions.snooze(null) : setSnoozing(true));

	useCommands([
		{ id: "reply", text: t("commandReply"), key: "r", run: () => focusComposer("reply") },
		{ id: "note", text: t("commandNote"), key: "n", run: () => focusComposer("note") },
		{
			id: "resolve",
			text: data?.state === "resolved" ? t("reopen") : t("resolve"),
			key: "e",
			run: () => void actions.toggleResolved(),
		},
		{ id: "assign", text: common("assign"), key: "a", run: () => setAssigning(true) },
		...(data && data.state !== "resolved"
			? [{ id: "snooze", text: t(data.snoozed ? "wake" : "snooze"), key: "z", run: snooze }]
			: []),
		{ id: "panel", text: t("sidePanel"), key: "i", run: panel.toggle },
		{ id: "copy-link", text: t("copyThreadLink"), run: () => void copyLink(id) },
	]);

	if (isGone) {
		const texts = [...draft.texts(), ...outbox.get().map(({ content }) => content)];
		return (
			<div class="thread">
				<Gone wasThere={data !== null} texts={texts} />
			</div>
		);
	}

	async function send(mode: Mode, text: string, mayTake: boolean): Promise<boolean> {
		if (mode === "note") {
			const isStored = await actions.addNote(text);
			if (isStored) setJumps((n) => n + 1);
			return isStored;
		}
		// From a colleague only by the button that says so, or that of the message that was refused.
		if (holder === "other" && mayTake && !(await actions.takeOver(operator, true))) return false;
		const items = thread.span?.items ?? [];
		const files = attaching.get()?.take() ?? [];
		outbox.send(text, items[items.length - 1]?.id ?? null, files);
		if (thread.span?.next) thread.toNewest();
		setJumps((n) => n + 1);
		return true;
	}

	function takeBack({ id: outgoingId, content, files }: Outgoing) {
		outbox.drop(outgoingId);
		if (files?.[0]) attaching.give(files);
		focusComposer("reply");
		const rest = draft.text();
		draft.setText(rest === "" ? content : `${content}\n\n${rest}`);
	}

	/** Files that are pasted or dropped belong to a reply. */
	function addFiles(event: Event, data: DataTransfer | null) {
		const files = [...(data?.files ?? [])];
		// A spreadsheet gives a picture besides its text.
		const isText = event.type === "paste" && data?.types.includes("text/plain");
		if (!data?.types.includes("Files") || isText || draft.mode() !== "reply") return;
		event.preventDefault();
		if (files[0]) attaching.add(files);
	}

	async function takeOver() {
		focusComposer("reply");
		await actions.takeOver(operator, holder === "other");
	}

	/** What was refused because a colleague has the conversation. */
	async function sendAnyway() {
		if (await actions.takeOver(operator, true)) outbox.retry();
	}

	const isHidden = panel.isDrawer && panel.isOpen;
	return (
		<div class={panel.isDrawer ? "thread" : "thread thread-wide"} ref={root}>
			{/* biome-ignore lint/a11y/noStaticElementInteractions: files are also chosen with a button */}
			<div
				class="thread-main"
				inert={isHidden}
				onPaste={(event) => addFiles(event, event.clipboardData)}
				onDrop={(event) => addFiles(event, event.dataTransfer)}
				// Says that a drop is possible; the files come with the drop.
				onDragOver={(event) => addFiles(event, event.dataTransfer)}
			>
				<Head
					conversation={data}
					actions={actions}
					back={back}
					isPanelOpen={panel.isOpen}
					onPanel={panel.toggle}
					onAssign={() => setAssigning(true)}
					onSnooze={snooze}
					onCopyLink={() => void copyLink(id)}
					onDelete={() => setQuestion({ about: "conversation" })}
				/>
				<PeopleHere people={presence.get()} />
				<Messages
					id={id}
					thread={thread}
					notes={notes.data ?? NO_NOTES}
					visitor={{ ...(data ? figureOf(data) : { id: "", person: null }), name }}
					outbox={outbox}
					isMine={isMine}
					jumps={jumps}
					hasNew={hasNew}
					onEnd={(isEnd) => {
						if (isEnd !== isAtEnd) setAtEnd(isEnd);
						if (isEnd && hasNew) setNew(false);
					}}
					onCopyLink={(messageId) => void copyLink(id, messageId)}
					onMakeAnswer={makeAnswer}
					onDeleteNote={(note) => setQuestion({ about: "note", note })}
					onTakeBack={takeBack}
					onSendAnyway={sendAnyway}
				/>
				{data && (
					<Composer
						draft={draft}
						holder={holder}
						holderName={data.operator?.name ?? t("someone")}
						name={operator}
						writers={presence.get().filter(({ isWriting }) => isWriting)}
						field={field}
						onName={(next) => {
							rememberOperatorName(me, next);
							setOperator(next);
						}}
						onTakeOver={takeOver}
						onHandBack={actions.handBack}
						onSend={send}
						attaching={attaching}
					/>
				)}
			</div>
			{isHidden && (
				<button
					class="thread-shade"
					type="button"
					// The panel has a button for the keyboard.
					tabIndex={-1}
					aria-label={common("close")}
					onClick={panel.close}
				/>
			)}
			{panel.isOpen && (
				<SidePanel
					conversation={data}
					isFailed={conversation.error !== null}
					notes={notes.data}
					actions={actions}
					onDeleteNote={(note) => setQuestion({ about: "note", note })}
					onClose={panel.isDrawer ? panel.close : null}
				/>
			)}
			<LiveRegion spoken={announcer.spoken} />
			{answerDialog}
			{isSnoozing && data && (
				<Snoozing
					onPick={(until) => void actions.snooze({ until })}
					onClose={() => setSnoozing(false)}
				/>
			)}
			{isAssigning && data && (
				<Assigning
					assignedTo={data.assignedTo}
					onAssign={(assignedTo) => actions.change({ assignedTo })}
					onClose={() => setAssigning(false)}
				/>
			)}
			{question?.about === "conversation" && (
				<DeleteConversation
					name={name}
					onConfirm={actions.remove}
					onClose={() => setQuestion(null)}
				/>
			)}
			{question?.about === "note" && (
				<DeleteNote
					note={question.note}
					onConfirm={() => actions.removeNote(question.note.id)}
					onClose={() => setQuestion(null)}
				/>
			)}
		</div>
	);
}
