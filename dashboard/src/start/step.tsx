// One step of the guide: its number or how it stands, and what to do.

import type { ComponentChildren } from "preact";
import { Icon } from "../ui/icon";
import type { StepState } from "./progress";
import { t } from "./texts";

interface StepProps {
	readonly number: number;
	readonly title: string;
	readonly state: StepState;
	readonly children: ComponentChildren;
}

const WORDS = {
	done: "stepDone",
	now: "stepNow",
	later: "stepLater",
	failed: "stepFailed",
} as const;

export function StepItem({ number, title, state, children }: StepProps) {
	return (
		<li class={`step step-${state}`} aria-current={state === "now" ? "step" : undefined}>
			<span class="step-mark" aria-hidden="true">
				{state === "done" ? (
					<Icon name="check" />
				) : state === "failed" ? (
					<Icon name="warning" />
				) : (
					number
				)}
			</span>
			<div class="step-body">
				<h3>
					{title} <span class="unseen">({t(WORDS[state])})</span>
				</h3>
				{children}
			</div>
		</li>
	);
}
