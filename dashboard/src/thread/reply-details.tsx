// How a reply came about: model, tokens, times, attempts, and its end.

import { useData } from "../api/desk";
import type { ApiError } from "../api/errors";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { duration } from "../text/duration";
import { formatNumber } from "../text/texts";
import { Button } from "../ui/button";
import { RetryButton, TroubleLine } from "../ui/trouble";
import { Found } from "./found";
import type { Item } from "./item";
import { t } from "./texts";

const ENDS = {
	complete: "endComplete",
	stopped: "endStopped",
	interrupted: "endInterrupted",
	length: "endLength",
	filtered: "endFiltered",
	// What it waits for stands below it.
	waiting: "endComplete",
	running: "endRunning",
} as const;

interface ReplyDetailsProps {
	readonly item: Item;
	/** Its id. */
	readonly conversation: string;
	/** Why they could not be loaded. */
	readonly trouble: ApiError | null;
	readonly retry: () => Promise<void>;
	readonly makeAnswer: () => Promise<void>;
}

export function ReplyDetails(props: ReplyDetailsProps) {
	const { item, conversation, trouble, retry, makeAnswer } = props;
	const { model, sources } = item;
	if (!model && trouble)
		return (
			<div class="details">
				<p role="alert">{describe(trouble)}</p>
				<RetryButton retry={retry} label={common("tryAgain")} />
			</div>
		);
	return (
		<div class="details">
			<Facts item={item} />
			{sources && <Found sources={sources} />}
			<Steps conversation={conversation} message={item.id} />
			{item.text !== "" && <AnswerButton messageId={item.id} makeAnswer={makeAnswer} />}
		</div>
	);
}

interface StepsProps {
	readonly conversation: string;
	readonly message: string;
}

/** What the model has looked up with tools. */
function Steps({ conversation, message }: StepsProps) {
	const { data, error, refresh } = useData(`steps of ${message}`, (api) => ({
		load: (signal) =>
			api.read("/v1/admin/conversations/{conversationId}/steps", {
				path: { conversationId: conversation },
				query: { message },
				signal,
			}),
		kinds: ["reply", "step"],
		isAffected: ({ id, conversationId }) => id === message || conversationId === conversation,
	}));
	if (error) return <TroubleLine error={error} retry={refresh} />;
	if (!data || data.steps.length === 0) return null;
	return (
		<ul class="steps" aria-label={t("steps")}>
			{data.steps.map((step) => (
				<li key={step.id}>
					<details>
						<summary class={step.state === "failed" ? "step-failed" : undefined}>
							{t(step.state === "failed" ? "stepFailed" : "stepDone", {
								name: step.name,
								ms: formatNumber(step.ms),
							})}
						</summary>
						<pre>{step.arguments}</pre>
						<pre>{step.result}</pre>
					</details>
				</li>
			))}
		</ul>
	);
}

interface AnswerButtonProps {
	readonly messageId: string;
	readonly makeAnswer: () => Promise<void>;
}

/** While it is not known whether there is an answer, or if that cannot be read, a click does what is right, too. */
function AnswerButton({ messageId, makeAnswer }: AnswerButtonProps) {
	const { data: exists } = useData(`answer of ${messageId}`, (api) => ({
		async load(signal) {
			const query = { message: messageId };
			const { data, etag } = await api.read("/v1/admin/answers", { query, signal });
			return { data: data.answers.length > 0, etag };
		},
		kinds: ["answer"],
	}));
	return (
		<Button isSmall icon="book" onClick={makeAnswer}>
			{t(exists ? "openAnswer" : "makeAnswer")}
		</Button>
	);
}

function Facts({ item: { model, status, rating } }: { readonly item: Item }) {
	return (
		<dl>
			{!model && (
				<Detail name={t("model")} value={model === null ? t("modelUnknown") : common("loading")} />
			)}
			{model && (
				<>
					<Detail name={t("model")} value={model.name} />
					<Detail
						name={t("tokens")}
						value={t("tokensText", {
							prompt: formatNumber(model.promptTokens),
							completion: formatNumber(model.completionTokens),
						})}
					/>
					<Detail
						name={t("firstToken")}
						value={model.firstTokenMs === null ? t("none") : duration(model.firstTokenMs)}
					/>
					<Detail name={t("total")} value={duration(model.totalMs)} />
					<Detail name={t("attempts")} value={formatNumber(model.attempts)} />
				</>
			)}
			<Detail name={t("end")} value={t(ENDS[status])} />
			<Detail
				name={t("rating")}
				value={rating ? t(rating.rating === "up" ? "ratedUp" : "ratedDown") : t("none")}
			/>
		</dl>
	);
}

function Detail({ name, value }: { readonly name: string; readonly value: string }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{value}</dd>
		</div>
	);
}
