// Questions with the owner's answers: what the site does not say, or should say in these words.

import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Answer } from "../../../workerd/api/openapi/openapi";
import type { Answer as Read } from "../api/client";
import { useDesk } from "../api/desk";
import { useNow } from "../hooks/use-now";
import { answersPath } from "../paths";
import { useCommands } from "../shell/shortcuts";
import { toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { EndOfList } from "../ui/end-of-list";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { AnswerDialog, newAnswer } from "./answer-dialog";
import { AnswerRow } from "./answer-row";
import { useAnswers } from "./data";
import { Knowledge } from "./tabs";
import { t } from "./texts";

export function AnswersPage() {
	const { api } = useDesk();
	const { items, error, refresh, end } = useAnswers();
	const now = useNow();
	const [edited, setEdited] = useState<Read<Answer> | null>(null);
	const [deleting, setDeleting] = useState<Answer | null>(null);
	const { query, route } = useLocation();
	const linked = query.answer;
	const create = () => setEdited(newAnswer());
	useCommands([{ id: "answer-new", text: t("newAnswer"), key: "c", run: create }]);
	const button = (
		<Button kind="main" icon="plus" onClick={create}>
			{t("newAnswer")}
		</Button>
	);

	/** Reads it again for its ETag, and so that the form begins with what it is now. */
	function edit(id: string) {
		return api
			.read("/v1/admin/answers/{answerId}", { path: { answerId: id } })
			.then(setEdited, toastError);
	}

	// A draft that was made of a reply; after a reload, the list is shown alone.
	useEffect(() => {
		if (linked !== undefined) void edit(linked).then(() => route(answersPath, true));
	}, [linked]);

	async function remove({ id }: Answer) {
		await api.delete("/v1/admin/answers/{answerId}", { path: { answerId: id } });
		await refresh();
	}

	return (
		<Knowledge actions={items && items.length > 0 && button}>
			{items && error && <TroubleLine error={error} retry={refresh} />}
			{!items && (error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={3} />)}
			{items?.length === 0 && (
				<Blank icon="note" title={t("noAnswers")}>
					<p>{t("noAnswersText")}</p>
					{button}
				</Blank>
			)}
			{items && items.length > 0 && (
				<>
					<ul class="knowledge-list" aria-label={t("answers")}>
						{items.map((answer) => (
							<AnswerRow
								key={answer.id}
								answer={answer}
								now={now}
								onEdit={() => void edit(answer.id)}
								onDelete={() => setDeleting(answer)}
							/>
						))}
					</ul>
					<EndOfList {...end} end={t("endAnswers")} />
				</>
			)}
			{edited && (
				<AnswerDialog initial={edited} onSaved={refresh} onClose={() => setEdited(null)} />
			)}
			{deleting && (
				<Confirm
					title={t("deleteAnswer")}
					action={common("delete")}
					isDangerous
					onConfirm={() => remove(deleting)}
					onClose={() => setDeleting(null)}
				>
					<p>{t("deleteAnswerText")}</p>
				</Confirm>
			)}
		</Knowledge>
	);
}
