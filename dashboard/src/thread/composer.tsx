// Where the operator writes: a reply or a note. The field is always there, whoever answers the visitor: the first reply
// takes over, so that nothing that changes the holder takes the field and its focus from someone who writes.

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../ui/button";
import { Segments } from "../ui/field";
import type { Mode } from "./drafts";
import { FileButton, Placed } from "./file-button";
import type { Holder } from "./operator";
import type { Present } from "./presence";
import { t } from "./texts";
import type { UseAttaching } from "./use-attaching";
import { type Draft, useDraftChanges } from "./use-draft";
import { WhoAnswers } from "./who-answers";
import { WritingBox } from "./writing-box";

export const REPLY_MAX = 16_000;
export const NOTE_MAX = 4_000;

interface ComposerProps {
	readonly draft: Draft;
	readonly holder: Holder;
	/** The operator who has the conversation, if it is somebody else. */
	readonly holderName: string;
	/** The name that visitors see. */
	readonly name: string;
	/** Other operators who write a reply, too. */
	readonly writers: readonly Present[];
	readonly field: RefObject<HTMLTextAreaElement | null>;
	readonly onName: (name: string) => void;
	readonly onTakeOver: () => Promise<void>;
	readonly onHandBack: () => Promise<void>;
	/**
	 * Settles with whether the text is safe: on its way, or stored. `mayTake`: also from a colleague, as the button
	 * says; who presses Enter may not have seen yet that a colleague has come.
	 */
	readonly onSend: (mode: Mode, text: string, mayTake: boolean) => Promise<boolean>;
	readonly attaching: UseAttaching;
}

export function Composer(props: ComposerProps) {
	const { draft, holder, holderName, name, writers, field } = props;
	const { onName, onTakeOver, onHandBack, onSend, attaching } = props;
	useDraftChanges(draft);
	const mode = draft.mode();
	const text = draft.text();
	const isReply = mode === "reply";
	const filesNow = () => (isReply ? attaching.get() : null);
	const isEmptyNow = () => !(filesNow()?.isReady() ?? draft.text().trim());
	const files = filesNow();
	const isEmpty = isEmptyNow();

	/** Each kind has its own field: who chooses one, writes. */
	const shown = useRef(mode);
	useLayoutEffect(() => {
		if (shown.current !== mode) field.current?.focus();
		shown.current = mode;
	}, [mode]);

	// What waits to be sent stays a draft when the operator opens another conversation.
	useEffect(() => () => void attaching.get()?.hold(() => {}), [attaching]);

	/** The next Enter may come before the server has the note. */
	const isSending = useRef(false);

	async function send(mayTake: boolean) {
		const written = draft.text().trim();
		if (isEmptyNow() || isSending.current || draft.mode() !== mode) return;
		// It comes back later, with what is written by then.
		if (filesNow()?.hold(() => void send(mayTake))) return;
		isSending.current = true;
		if (await onSend(mode, written, mayTake)) draft.clear(mode, written);
		isSending.current = false;
	}

	return (
		<section class="composer" data-mode={mode} aria-label={t("composer")}>
			<div class="composer-head">
				<Segments
					label={t("kindOfText")}
					value={mode}
					choices={[
						{ value: "reply", text: t("reply") },
						{ value: "note", text: t("note") },
					]}
					onValue={draft.setMode}
				/>
				{isReply && (
					<Button isSmall kind="quiet" onClick={holder === "me" ? onHandBack : onTakeOver}>
						{holder === "me" && t("handBack")}
						{holder === "other" && t("takeFrom", { name: holderName })}
						{holder === "model" && t("takeOver")}
					</Button>
				)}
			</div>
			{isReply && holder !== "me" && (
				<WhoAnswers holder={holder} holderName={holderName} name={name} onName={onName} />
			)}
			{isReply && writers.length > 0 && (
				// <PeopleHere> announces who comes.
				<p class="who-answers composer-collision">
					{writers.map((one) => (
						<span key={one.id}>{t("isReplying", { name: one.name || t("someone") })}</span>
					))}
				</p>
			)}
			{files && <Placed node={files.node} />}
			<WritingBox
				// A field for each kind, so that its undo history does not mix them.
				key={mode}
				field={field}
				label={isReply ? t("replyLabel") : t("noteLabel")}
				placeholder={isReply ? t("replyHint") : t("noteHint")}
				text={text}
				onText={draft.setText}
				onSend={() => void send(false)}
				sign={isReply ? "/" : "@"}
				maxLength={isReply ? REPLY_MAX : NOTE_MAX}
			/>
			<div class="composer-foot">
				{isReply && <FileButton onFiles={attaching.add} />}
				<p class="composer-hint">{isReply ? t("markdownHint") : t("notePrivate")}</p>
				<Button
					kind="main"
					isSmall
					icon={isReply ? "send" : "note"}
					disabled={isEmpty}
					onClick={() => {
						// The button cannot keep the focus without a text.
						field.current?.focus();
						void send(true);
					}}
				>
					{!isReply && t("addNote")}
					{isReply && (holder === "other" ? t("sendTaking") : t("send"))}
				</Button>
			</div>
		</section>
	);
}
