// The form of an answer: a new one, one for open questions, or an existing one.

import type { Answer } from "../../../workerd/api/openapi/openapi";
import type { Answer as Read } from "../api/client";
import { useDesk } from "../api/desk";
import { conversationPath } from "../paths";
import { toast } from "../shell/toasts";
import { t as common } from "../text/common";
import { Dialog } from "../ui/dialog";
import { SwitchField, TextField } from "../ui/field";
import { FormBar } from "../ui/form-bar";
import { useForm } from "../ui/use-form";
import { t } from "./texts";

export const NEW_ANSWER: Read<Answer> = {
	data: {
		id: "",
		question: "",
		text: "",
		language: null,
		published: true,
		conversation: null,
		message: null,
		createdAt: 0,
		updatedAt: 0,
	},
	etag: undefined,
};

interface AnswerDialogProps {
	readonly initial: Read<Answer>;
	/** Open questions that it is for. */
	readonly questions?: readonly string[];
	readonly onSaved: () => Promise<unknown>;
	readonly onClose: () => void;
}

export function AnswerDialog({ initial, questions = [], onSaved, onClose }: AnswerDialogProps) {
	const { api } = useDesk();
	const isNew = initial.data.id === "";
	const form = useForm<Answer>({
		initial,
		draft: `answer ${initial.data.id || questions[0] || "new"}`,
		async send(changes, { question, text, published }, ifMatch) {
			const gaps = questions.length > 0 && { gaps: [...questions] };
			if (isNew) {
				const data = await api.post("/v1/admin/answers", {
					body: { question, text, published, ...gaps },
				});
				return { data, etag: undefined };
			}
			return api.write("/v1/admin/answers/{answerId}", {
				path: { answerId: initial.data.id },
				body: { ...changes, ...gaps },
				ifMatch,
			});
		},
	});
	const { value, errors } = form;

	async function save(event: SubmitEvent) {
		event.preventDefault();
		if (!(await form.save())) return;
		toast({ text: t(value.published ? "answerPublished" : "answerSaved") });
		await onSaved();
		onClose();
	}

	return (
		<Dialog title={t(isNew ? "newAnswer" : "editAnswer")} onClose={onClose} isWide>
			<form class="form" noValidate onSubmit={save}>
				<TextField
					label={t("question")}
					hint={t("questionHint")}
					rows={2}
					value={value.question}
					onValue={(question) => form.set({ question })}
					error={errors.question}
					maxLength={1000}
					required
				/>
				<TextField
					label={t("answer")}
					hint={t("answerHint")}
					rows={7}
					value={value.text}
					onValue={(text) => form.set({ text })}
					error={errors.text}
					maxLength={2000}
					required
				/>
				<SwitchField
					label={t("published")}
					hint={t("publishedHint")}
					isOn={value.published}
					onValue={(published) => form.set({ published })}
				/>
				{initial.data.conversation !== null && (
					<p class="quiet">
						<a
							href={conversationPath(initial.data.conversation, initial.data.message ?? undefined)}
						>
							{t("origin")}
						</a>
					</p>
				)}
				<FormBar
					form={form}
					isNew={isNew}
					isInline
					action={common(isNew ? "create" : "save")}
					onCancel={onClose}
				/>
			</form>
		</Dialog>
	);
}
