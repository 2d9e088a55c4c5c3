// What was found in the content for a reply: the outcome, and the passages that the model got, best first.

import { useState } from "preact/hooks";
import type { FoundSources } from "../../../workerd/api/openapi/openapi";
import { answersPath, questionsPath, sourcePath } from "../paths";
import { Button } from "../ui/button";
import { isWeb } from "../ui/citations";
import { hasNoAnswer, mainPassages } from "./item";
import { t } from "./texts";

interface FoundProps {
	readonly sources: FoundSources;
}

export function Found({ sources: { outcome, passages } }: FoundProps) {
	const [isWhole, setWhole] = useState(false);
	const shown = isWhole ? passages : mainPassages(passages);
	const best = Math.max(0, ...passages.map(({ score }) => score));
	return (
		<section class="found" aria-label={t("found")}>
			<p class="found-outcome">
				{t(`found_${outcome}`)}
				{hasNoAnswer(outcome) && <a href={questionsPath}>{t("openQuestions")}</a>}
			</p>
			{shown.length > 0 && (
				<ol class="found-passages" aria-label={t("foundPassages")}>
					{shown.map((passage, i) => (
						<FoundPassage key={i} passage={passage} best={best} />
					))}
				</ol>
			)}
			{shown.length < passages.length && (
				<Button isSmall kind="quiet" onClick={() => setWhole(true)}>
					{t("foundAll", { count: passages.length })}
				</Button>
			)}
		</section>
	);
}

interface PassageProps {
	readonly passage: FoundSources["passages"][number];
	/** 0: there are no scores. */
	readonly best: number;
}

function FoundPassage({ passage, best }: PassageProps) {
	const { n, kind, source, title, url, score } = passage;
	const place = source === null ? answersPath : sourcePath(source);
	return (
		<li class="found-passage">
			{n === null ? (
				<span class="found-number" role="img" aria-label={t("notCited")} title={t("notCited")}>
					–
				</span>
			) : (
				<span class="found-number found-cited" title={t("citedAs", { n })}>
					<span class="unseen">{t("citedAs", { n })}</span>
					<span aria-hidden="true">{n}</span>
				</span>
			)}
			<div class="found-what">
				{isWeb(url) ? (
					<a href={url} target="_blank" rel="noreferrer nofollow ugc" dir="auto">
						{title}
					</a>
				) : (
					<span dir="auto">{title}</span>
				)}
				<p class="found-place">
					{url !== null && url !== title && <span>{url.replace(/^https?:\/\//, "")}</span>}
					<a href={place}>{t(kind === "answer" ? "ofAnswers" : "ofSource")}</a>
				</p>
			</div>
			{best > 0 && (
				<meter
					class="found-score"
					min={0}
					max={best}
					value={Math.max(score, 0)}
					aria-label={t("score")}
					title={score.toFixed(2)}
				>
					{score.toFixed(2)}
				</meter>
			)}
		</li>
	);
}
