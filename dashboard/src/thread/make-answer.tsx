// Makes a reply an answer of the owner's content, in a dialog over the thread. Nothing is stored before it is saved.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Answer } from "../../../workerd/api/openapi/openapi";
import type { Client, Answer as Read } from "../api/client";
import { useDesk } from "../api/desk";
import type { AnswerDialog, newAnswer } from "../knowledge/answer-dialog";
import { t as knowledgeTexts } from "../knowledge/texts";
import { toastError } from "../shell/toasts";

/** Messages around a reply, of which half are before it: the visitor's question is the last of those. */
const AROUND = 40;

interface Opened {
	readonly Dialog: typeof AnswerDialog;
	readonly initial: Read<Answer>;
}

/** The answer that was made of the reply; null: none. */
async function existing(api: Client, message: string): Promise<Read<Answer> | null> {
	const { answers } = await api.get("/v1/admin/answers", { query: { message } });
	const [first] = answers;
	if (!first) return null;
	return api.read("/v1/admin/answers/{answerId}", { path: { answerId: first.id } });
}

/** A new one: the visitor's question, with the words of a person, but not with those of a model. */
async function created(
	api: Client,
	conversation: string,
	message: string,
	make: typeof newAnswer,
): Promise<Read<Answer>> {
	const { messages } = await api.get("/v1/admin/conversations/{conversationId}", {
		path: { conversationId: conversation },
		query: { around: message, limit: AROUND },
	});
	const at = messages.findIndex(({ _id }) => _id === message);
	const asked = messages.slice(0, Math.max(at, 0)).reverse();
	const reply = messages[at];
	return make({
		conversation,
		message,
		question: asked.find(({ role }) => role === "user")?.content ?? "",
		text: reply?.role === "operator" ? reply.content : "",
	});
}

interface MakingAnswers {
	/** Opens the dialog for a reply. */
	readonly makeAnswer: (message: string) => Promise<void>;
	/** While it is open. */
	readonly answerDialog: ComponentChildren;
}

export function useMakingAnswers(conversation: string): MakingAnswers {
	const { api } = useDesk();
	const [opened, setOpened] = useState<Opened | null>(null);
	const isOpening = useRef(false);

	async function makeAnswer(message: string) {
		if (isOpening.current) return;
		isOpening.current = true;
		try {
			const [code, known] = await Promise.all([
				import("../knowledge/answer-dialog"),
				existing(api, message),
				knowledgeTexts.load(),
			]);
			const initial = known ?? (await created(api, conversation, message, code.newAnswer));
			setOpened({ Dialog: code.AnswerDialog, initial });
		} catch (reason) {
			toastError(reason);
		} finally {
			isOpening.current = false;
		}
	}

	return {
		makeAnswer,
		answerDialog: opened && (
			<opened.Dialog
				initial={opened.initial}
				isAtOrigin
				onSaved={async () => {}}
				onClose={() => setOpened(null)}
			/>
		),
	};
}
