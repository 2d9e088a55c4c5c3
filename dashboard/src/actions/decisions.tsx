// What a reply ends with that needs a decision: what it is, how far it is, and the decision, if an operator has to make it.
// Loaded with the first one.

import { useState } from "preact/hooks";
import type { OperatorDecision, Step } from "../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { describe } from "../text/describe";
import { Badge, type Tone } from "../ui/badge";
import { Button } from "../ui/button";
import { TroubleLine } from "../ui/trouble";
import { t } from "./texts";

export interface DecisionsProps {
	readonly conversation: string;
	/** The reply. */
	readonly message: string;
}

export function Decisions({ conversation, message }: DecisionsProps) {
	const { data, error, refresh } = useData(`steps of ${message}`, (api) => ({
		load: (signal) =>
			api.read("/v1/admin/conversations/{conversationId}/steps", {
				path: { conversationId: conversation },
				query: { message },
				signal,
			}),
		kinds: ["reply", "step", "conversation"],
		isAffected: ({ id, conversationId }) => conversation === (conversationId ?? id),
	}));
	return (
		<>
			{error && <TroubleLine error={error} retry={refresh} />}
			{data?.steps.map(
				(step) =>
					step.text !== undefined && <Decision key={step.id} step={step} onDecided={refresh} />,
			)}
		</>
	);
}

type Word = OperatorDecision["decision"];

const TONES: Readonly<Record<Step["state"], Tone>> = {
	waiting: "accent",
	proposed: "accent",
	running: "accent",
	done: "good",
	unknown: "bad",
	failed: "warn",
	refused: "calm",
	expired: "calm",
};

function stateText({ state, class: kind }: Step): string {
	if (state !== "waiting") return t(state);
	return t(kind === "approve" ? "waiting_approve" : "waiting_confirm");
}

/** What an operator can decide now. */
function choicesOf({ state, class: kind }: Step): readonly (readonly [Word, string])[] {
	if (state === "unknown")
		return [
			["done", t("wasDone")],
			["not_done", t("notDone")],
			["again", t("again")],
		];
	if (state !== "waiting" || kind !== "approve") return [];
	return [
		["yes", t("yes")],
		["no", t("no")],
	];
}

interface DecisionProps {
	readonly step: Step;
	/** It may have changed. */
	readonly onDecided: () => Promise<void>;
}

function Decision({ step, onDecided }: DecisionProps) {
	const { api } = useDesk();
	const [busy, setBusy] = useState<Word | null>(null);
	const [trouble, setTrouble] = useState<ApiError | null>(null);
	const choices = choicesOf(step);

	async function decide(decision: Word) {
		if (busy) return;
		setBusy(decision);
		setTrouble(null);
		try {
			await api.post("/v1/admin/steps/{stepId}", {
				path: { stepId: step.id },
				body: { decision, hash: step.hash ?? "" },
			});
		} catch (reason) {
			setTrouble(ApiError.from(reason));
		}
		await onDecided();
		setBusy(null);
	}

	return (
		<section class="decision" aria-label={step.text}>
			<p class="decision-text" dir="auto">
				{step.text}
			</p>
			<p role="status">
				<Badge tone={TONES[step.state]}>{stateText(step)}</Badge>
			</p>
			{trouble && <p role="alert">{describe(trouble)}</p>}
			{choices.length > 0 && (
				<div class="decision-choices">
					{choices.map(([word, label]) => (
						<Button
							key={word}
							isSmall
							kind={word === "yes" ? "main" : "plain"}
							isBusy={busy === word}
							onClick={() => decide(word)}
						>
							{label}
						</Button>
					))}
				</div>
			)}
		</section>
	);
}
