// The form of an answer: a new one, one for open questions, or an existing one.

import type { Answer } from "../../../workerd/api/openapi/openapi";
import type { Answer as Read } from "../api/client";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { conversationPath } from "../paths";
import { toast } from "../shell/toasts";
import { t as common } from "../text/common";
import { Dialog } from "../ui/dialog";
import { SwitchField, TextField } from "../ui/field";
import { FormBar } from "../ui/form-bar";
import { useForm } from "../ui/use-form";
import { t } from "./texts";

/** UTF-16 code units, as the server counts. */
const QUESTION_MAX = 1000;
const TEXT_MAX = 2000;

const EMPTY: Answer = {
	id: "",
	question: "",
	text: "",
	language: null,
	published: true,
	conversation: null,
	message: null,
	createdAt: 0,
	updatedAt: 0,
};

/** No code point is cut. */
const cut = (text: string, max: number) => text.slice(0, max).replace(/[\ud800-\udbff]$/, "");

/** For the dialog; `known` may be longer than an answer. */
export function newAnswer(known: Partial<Answer> = {}): Read<Answer> {
	const { question, text, ...others } = { ...EMPTY, ...known };
	return {
		data: { ...others, question: cut(question, QUESTION_MAX), text: cut(text, TEXT_MAX) },
		etag: undefined,
	};
}

interface AnswerDialogProps {
	readonly initial: Read<Answer>;
	/** Open questions that it is for. */
	readonly questions?: readonly string[];
	/** The conversation that it comes from is shown beside. */
	readonly isAtOrigin?: boolean;
	readonly onSaved: () => Promise<unknown>;
	readonly onClose: () => void;
}

export function AnswerDialog(props: AnswerDialogProps) {
	const { initial, questions = [], isAtOrigin = false, onSaved, onClose } = props;
	const { api } = useDesk();
	const { conversation, message } = initial.data;
	const origin = message !== null && { conversation, message };

	async function create(value: Answer, gaps: object): Promise<Read<Answer>> {
		const { question, text, published } = value;
		const data = await api.post("/v1/admin/answers", {
			body: { question, text, published, ...origin, ...gaps },
		});
		// Of a reply there is one answer: that of a colleague, who was faster, stays as it is.
		if (origin && (data.question !== question || data.text !== text)) {
			const { data: current, etag } = await api.read("/v1/admin/answers/{answerId}", {
				path: { answerId: data.id },
			});
			throw new ApiError("refused", 412, "", { current, etag });
		}
		return { data, etag: undefined };
	}

	const form = useForm<Answer>({
		initial,
		draft: `answer ${initial.data.id || message || questions[0] || "new"}`,
		async send(changes, value, ifMatch, { id }) {
			const gaps = questions.length > 0 ? { gaps: [...questions] } : {};
			if (id === "") return create(value, gaps);
			return api.write("/v1/admin/answers/{answerId}", {
				path: { answerId: id },
				body: { ...changes, ...gaps },
				ifMatch,
			});
		},
	});
	const { value, errors } = form;
	const isNew = form.saved.id === "";

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
					maxLength={QUESTION_MAX}
					required
				/>
				<TextField
					label={t("answer")}
					hint={t("answerHint")}
					rows={7}
					value={value.text}
					onValue={(text) => form.set({ text })}
					error={errors.text}
					maxLength={TEXT_MAX}
					required
				/>
				<SwitchField
					label={t("published")}
					hint={t("publishedHint")}
					isOn={value.published}
					onValue={(published) => form.set({ published })}
				/>
				{conversation !== null && !isAtOrigin && (
					<p class="quiet">
						<a href={conversationPath(conversation, message ?? undefined)}>{t("origin")}</a>
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
