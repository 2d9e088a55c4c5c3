// What visitors asked and the content did not answer, similar questions together.

import { useState } from "preact/hooks";
import type { GapCluster } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useNow } from "../hooks/use-now";
import { toast, toastError } from "../shell/toasts";
import { Blank } from "../ui/blank";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { AnswerDialog, newAnswer } from "./answer-dialog";
import { useQuestions } from "./data";
import { QuestionRow } from "./question-row";
import { Knowledge } from "./tabs";
import { t } from "./texts";
import { batchesOf } from "./words";

/** The ids of a cluster's questions, as many in each array as a request takes. */
const idsOf = (cluster: GapCluster) =>
	batchesOf(
		cluster.gaps.map((gap) => gap.id),
		500,
	);

export function QuestionsPage() {
	const { api } = useDesk();
	const { data, error, refresh, set } = useQuestions();
	const now = useNow();
	const [answering, setAnswering] = useState<GapCluster | null>(null);

	async function dismiss(cluster: GapCluster) {
		if (data)
			set({ ...data, clusters: data.clusters.filter((one) => one.id !== cluster.id) }, undefined);
		try {
			for (const gaps of idsOf(cluster))
				await api.post("/v1/admin/gaps/close", { body: { gaps, state: "dismissed" } });
			toast({ text: t("dismissed") });
		} catch (reason) {
			toastError(reason);
		} finally {
			await refresh();
		}
	}

	return (
		<Knowledge>
			{data && error && <TroubleLine error={error} retry={refresh} />}
			{!data && (error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={3} />)}
			{data?.clusters.length === 0 && (
				<Blank icon="check" title={t("noQuestions")}>
					<p>{t("noQuestionsText")}</p>
				</Blank>
			)}
			{data && data.clusters.length > 0 && (
				<>
					<ul class="knowledge-list" aria-label={t("questions")}>
						{data.clusters.map((cluster) => (
							<QuestionRow
								key={cluster.id}
								cluster={cluster}
								now={now}
								onAnswer={() => setAnswering(cluster)}
								onDismiss={() => dismiss(cluster)}
							/>
						))}
					</ul>
					{data.truncated && <p class="list-end">{t("questionsTruncated")}</p>}
				</>
			)}
			{answering && (
				<AnswerDialog
					initial={newAnswer({ question: answering.question })}
					questions={idsOf(answering)[0] ?? [] /* Similar ones are asked again, too. */}
					onSaved={refresh}
					onClose={() => setAnswering(null)}
				/>
			)}
		</Knowledge>
	);
}
