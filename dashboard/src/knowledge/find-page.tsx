// What would be found for a question: the passages that a reply would be based on, without asking the model.

import { useRef, useState } from "preact/hooks";
import type { FoundPassage, FoundPassages } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { answerPath, answersPath, sourcePath } from "../paths";
import { useAgents } from "../shell/all-agents";
import { useSources } from "../shell/all-sources";
import { describe } from "../text/describe";
import { Badge } from "../ui/badge";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { SelectField, TextField } from "../ui/field";
import { Knowledge } from "./tabs";
import { t } from "./texts";
import { shortAddress } from "./words";

/** The choice of all sources. */
const ALL = "";

export function FindPage() {
	const { api } = useDesk();
	const agents = useAgents().data?.agents.filter((agent) => agent.knowledge !== "none") ?? [];
	const [question, setQuestion] = useState("");
	const [agent, setAgent] = useState(ALL);
	const [found, setFound] = useState<FoundPassages | null>(null);
	const [error, setError] = useState<ApiError | null>(null);
	const [isBusy, setBusy] = useState(false);
	/** Only the answer to the last question counts. */
	const asked = useRef(0);

	async function submit(event: SubmitEvent) {
		event.preventDefault();
		const number = ++asked.current;
		setBusy(true);
		setError(null);
		try {
			const body = { question: question.trim(), ...(agent !== ALL && { agent }) };
			const answer = await api.post("/v1/admin/find", { body });
			if (number === asked.current) setFound(answer);
		} catch (reason) {
			if (number !== asked.current) return;
			setFound(null);
			setError(ApiError.from(reason));
		} finally {
			if (number === asked.current) setBusy(false);
		}
	}

	return (
		<Knowledge>
			<form class="find-form" noValidate onSubmit={submit}>
				<TextField
					label={t("findQuestion")}
					hint={t("findHint")}
					value={question}
					onValue={setQuestion}
					error={error?.fields.question ?? (error ? describe(error) : undefined)}
					placeholder={t("findExample")}
					autocomplete="off"
					maxLength={4000}
				/>
				{agents.length > 0 && (
					<SelectField
						label={t("findFor")}
						value={agent}
						choices={[
							{ value: ALL, text: t("findAll") },
							...agents.map(({ id, name }) => ({ value: id, text: name })),
						]}
						onValue={setAgent}
					/>
				)}
				<Button kind="main" type="submit" icon="search" isBusy={isBusy}>
					{t("findRun")}
				</Button>
			</form>
			<div role="status">{found && <Outcome found={found} />}</div>
			{found && found.hits.length > 0 && <Hits hits={found.hits} />}
		</Knowledge>
	);
}

function Outcome({ found }: { readonly found: FoundPassages }) {
	if (found.chunks === 0)
		return (
			<Blank icon="search" title={t("findNothingThere")}>
				<p>{t("findNothingThereText")}</p>
			</Blank>
		);
	if (found.whole)
		return (
			<p class="find-outcome">
				<Badge tone="accent">{t("foundWhole")}</Badge>
				<span class="quiet">{t("foundWholeText")}</span>
			</p>
		);
	return (
		<p class="find-outcome">
			<Badge tone={found.found ? "good" : "warn"}>
				{t(found.found ? "foundAnswer" : "foundNoAnswer")}
			</Badge>
			<span class="quiet">{t("foundOf", { count: found.hits.length, total: found.chunks })}</span>
		</p>
	);
}

function Hits({ hits }: { readonly hits: readonly FoundPassage[] }) {
	const sources = useSources().data;
	const best = Math.max(...hits.map((hit) => hit.score), Number.MIN_VALUE);
	return (
		<ol class="passages" aria-label={t("passagesTitle")}>
			{hits.map((hit, i) => (
				<li class="passage" key={i}>
					<div class="hit-head">
						<span class="hit-number">{i + 1}</span>
						<div class="knowledge-body">
							<p class="hit-title">
								{hit.url !== null && /^https?:/.test(hit.url) ? (
									<a href={hit.url} target="_blank" rel="noopener noreferrer">
										{hit.title}
									</a>
								) : (
									hit.title
								)}
							</p>
							<p class="knowledge-sub">
								{[hit.heading !== hit.title && hit.heading, hit.url && shortAddress(hit.url)]
									.filter(Boolean)
									.join(" · ")}
							</p>
						</div>
						<meter
							class="hit-score"
							min={0}
							max={best}
							value={hit.score}
							aria-label={t("score")}
							title={hit.score.toFixed(2)}
						/>
					</div>
					<p class="passage-text">{hit.text}</p>
					{hit.source !== null ? (
						<a class="hit-source" href={sourcePath(hit.source)}>
							{sources?.find((one) => one.id === hit.source)?.name ?? t("source")}
						</a>
					) : (
						<a class="hit-source" href={hit.answer === null ? answersPath : answerPath(hit.answer)}>
							{t("ownAnswer")}
						</a>
					)}
				</li>
			))}
		</ol>
	);
}
