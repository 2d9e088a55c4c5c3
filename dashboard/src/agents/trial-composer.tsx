// Where the question of a test is written. Enter sends, Shift-Enter begins a line.

import { useId, useRef, useState } from "preact/hooks";
import { IconButton } from "../ui/button";
import { t } from "./texts";
import type { Trial } from "./use-trial";

interface TrialComposerProps {
	readonly trial: Trial;
	readonly onAsk: (question: string) => void;
}

/** As a visitor's message. */
const MESSAGE_MAX = 4000;

export function TrialComposer({ trial, onAsk }: TrialComposerProps) {
	const id = useId();
	const box = useRef<HTMLTextAreaElement>(null);
	const [text, setText] = useState("");

	function send() {
		if (trial.isRunning || text.trim() === "") return;
		onAsk(text.trim());
		setText("");
		box.current?.focus();
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.key !== "Enter" || event.shiftKey) return;
		event.preventDefault();
		send();
	}

	return (
		<div class="trial-composer">
			<label class="unseen" for={id}>
				{t("question")}
			</label>
			<textarea
				class="input"
				id={id}
				ref={box}
				rows={2}
				maxLength={MESSAGE_MAX}
				placeholder={t("questionHint")}
				value={text}
				onInput={(event) => setText(event.currentTarget.value)}
				onKeyDown={onKeyDown}
			/>
			{trial.isRunning ? (
				<IconButton
					name="stop"
					label={t("stop")}
					onClick={() => {
						trial.stop();
						box.current?.focus();
					}}
				/>
			) : (
				<IconButton name="send" label={t("ask")} onClick={send} />
			)}
		</div>
	);
}
