// The test of an agent: questions and the replies as visitors would get them.

import { useEffect, useRef } from "preact/hooks";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { t } from "./texts";
import { TrialComposer } from "./trial-composer";
import { TrialTurn } from "./trial-turn";
import type { Trial } from "./use-trial";

interface TrialPanelProps {
	readonly trial: Trial;
	/** The form has changes that are not saved. */
	readonly isChanged: boolean;
	readonly isHidden: boolean;
}

/** So near to the end, the reader follows it. */
const NEAR_PX = 80;

export function TrialPanel({ trial, isChanged, isHidden }: TrialPanelProps) {
	const { turns } = trial;
	const log = useRef<HTMLDivElement>(null);
	const follows = useRef(true);

	useEffect(() => {
		const box = log.current;
		if (box && follows.current) box.scrollTop = box.scrollHeight;
	}, [turns]);

	function onScroll() {
		const box = log.current;
		if (box) follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
	}

	return (
		<div class="trial" hidden={isHidden}>
			<div class="trial-head">
				<Badge tone={isChanged ? "accent" : "calm"}>
					{isChanged ? t("testChanged") : t("testSaved")}
				</Badge>
				{turns.length > 0 && (
					<Button kind="quiet" icon="refresh" isSmall onClick={trial.clear}>
						{t("testClear")}
					</Button>
				)}
			</div>
			<div
				class="trial-log"
				role="log"
				aria-label={t("testLog")}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard.
				tabIndex={0}
				ref={log}
				onScroll={onScroll}
			>
				{turns.length === 0 && <p class="trial-hint">{t("testHint")}</p>}
				{turns.map((turn, i) => (
					<TrialTurn
						// The turns only grow at the end.
						key={i}
						turn={turn}
						askAgain={i === turns.length - 1 ? trial.askAgain : undefined}
					/>
				))}
			</div>
			<TrialComposer
				trial={trial}
				onAsk={(question) => {
					follows.current = true;
					trial.ask(question);
				}}
			/>
		</div>
	);
}
