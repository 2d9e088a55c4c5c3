// One question of a test and its reply.

import { describe } from "../text/describe";
import { duration } from "../text/duration";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { Markdown } from "../ui/markdown";
import { t } from "./texts";
import { TrialSources } from "./trial-sources";
import { citationsOf, type Failed, type Turn } from "./turns";

interface TrialTurnProps {
	readonly turn: Turn;
	readonly askAgain: (() => void) | undefined;
}

export function TrialTurn({ turn, askAgain }: TrialTurnProps) {
	const { question, answer, state } = turn;
	return (
		<>
			<p class="trial-question">{question}</p>
			<div class="trial-answer" aria-busy={state === "running"}>
				{answer !== "" && (
					<Markdown text={answer} isComplete={state !== "running"} citations={citationsOf(turn)} />
				)}
				{turn.sources && <TrialSources sources={turn.sources} />}
				{state === "running" && answer === "" && (
					<p class="trial-waits">
						<span class="unseen">{t("testRuns")}</span>
						<i />
						<i />
						<i />
					</p>
				)}
				{state === "failed" && (
					<div class="trial-failed">
						<p>{failedText(turn.failed)}</p>
						{askAgain && (
							<Button isSmall icon="refresh" onClick={askAgain}>
								{t("testAgain")}
							</Button>
						)}
					</div>
				)}
				<Marks turn={turn} />
			</div>
		</>
	);
}

function Marks({ turn }: { readonly turn: Turn }) {
	const { state, asksForPerson, found, isGeneral, firstMs, totalMs } = turn;
	if (state === "running" || state === "failed") return null;
	return (
		<p class="trial-marks">
			{asksForPerson && <Badge tone="warn">{t("asksForPerson")}</Badge>}
			{isGeneral && <Badge tone="warn">{t("general")}</Badge>}
			{found === false && !isGeneral && <Badge tone="warn">{t("noAnswer")}</Badge>}
			{state === "stopped" && <Badge>{t("stopped")}</Badge>}
			{state === "cut" && <Badge tone="warn">{t("cut")}</Badge>}
			{state === "filtered" && <Badge tone="warn">{t("filtered")}</Badge>}
			{firstMs !== undefined && totalMs !== undefined && (
				<span>{t("times", { first: duration(firstMs), total: duration(totalMs) })}</span>
			)}
		</p>
	);
}

/** The ways in which a model fails have names of their own: here somebody can mend them. */
function failedText(failed: Failed | undefined): string {
	switch (failed?.code) {
		case undefined:
			return t("failedBroken");
		case "model_failed":
			return t("failedModel");
		case "model_busy":
			return t("failedBusy");
		case "model_timeout":
			return t("failedTimeout");
		case "model_unavailable":
			return t("failedUnavailable");
		case "invalid_fields":
			return t("failedFields");
		default:
			return failed?.error ? describe(failed.error) : (failed?.text ?? "");
	}
}
