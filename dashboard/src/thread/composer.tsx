// Where the operator writes: a reply once he has the conversation, a note at any time. Otherwise it says who answers,
// and offers to take over.

import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { Button } from "../ui/button";
import { Segments } from "../ui/field";
import type { Mode } from "./drafts";
import type { Holder } from "./operator";
import { TakeOver } from "./take-over";
import { t } from "./texts";
import { type Draft, useDraftChanges } from "./use-draft";
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
	readonly field: RefObject<HTMLTextAreaElement | null>;
	readonly onTakeOver: (name: string) => Promise<void>;
	readonly onHandBack: () => Promise<void>;
	/** Settles with whether the text is safe: on its way, or stored. */
	readonly onSend: (mode: Mode, text: string) => Promise<boolean>;
}

export function Composer(props: ComposerProps) {
	const { draft, holder, holderName, name, field, onTakeOver, onHandBack, onSend } = props;
	useDraftChanges(draft);
	const mode = draft.mode();
	const text = draft.text();
	const isReply = mode === "reply";
	const canWrite = !isReply || holder === "me";

	/** The next Enter may come before the server has the note. */
	const isSending = useRef(false);

	async function send() {
		const written = text.trim();
		if (written === "" || isSending.current) return;
		isSending.current = true;
		if (await onSend(mode, written)) draft.clear(mode, written);
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
					onValue={(next) => {
						draft.setMode(next);
						field.current?.focus();
					}}
				/>
				{isReply && holder === "me" && (
					<Button isSmall kind="quiet" onClick={onHandBack}>
						{t("handBack")}
					</Button>
				)}
			</div>
			{canWrite ? (
				<>
					<WritingBox
						// A field for each kind, so that its undo history does not mix them.
						key={mode}
						field={field}
						label={isReply ? t("replyLabel") : t("noteLabel")}
						placeholder={isReply ? t("replyHint") : t("noteHint")}
						text={text}
						onText={draft.setText}
						onSend={send}
						hasSnippets={isReply}
						maxLength={isReply ? REPLY_MAX : NOTE_MAX}
					/>
					<div class="composer-foot">
						<p class="composer-hint">{isReply ? t("markdownHint") : t("notePrivate")}</p>
						<Button
							kind="main"
							isSmall
							icon={isReply ? "send" : "note"}
							disabled={text.trim() === ""}
							onClick={send}
						>
							{isReply ? t("send") : t("addNote")}
						</Button>
					</div>
				</>
			) : (
				<TakeOver
					holder={holder}
					holderName={holderName}
					initialName={name}
					draft={text}
					onTakeOver={onTakeOver}
				/>
			)}
		</section>
	);
}
