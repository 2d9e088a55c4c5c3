// How far the first run has come.

import type { Widget } from "../../../workerd/api/openapi/openapi";
import type { ModelState } from "./model-check";

/** "now": the first one that is not done. */
export type StepState = "done" | "now" | "later" | "failed";

export interface Facts {
	readonly model: ModelState;
	/** The first one; null: there is none. */
	readonly widget: Widget | null;
	/** Whether a page has shown it. */
	readonly isSeen: boolean;
	/** Whether an agent answers from the organization's content. */
	readonly isUsed: boolean;
	readonly conversations: number;
}

export const STEPS = ["model", "looks", "knowledge", "tag", "hello"] as const;
export type Step = (typeof STEPS)[number];

function isDone(step: Step, { model, widget, isSeen, isUsed, conversations }: Facts): boolean {
	switch (step) {
		case "model":
			return model.is === "works" && !model.isDemo;
		case "looks":
			return widget !== null && widget.updated_at > widget.created_at;
		case "knowledge":
			return isUsed;
		case "tag":
			// A conversation needs a page with the tag.
			return conversations > 0 || isSeen;
		case "hello":
			return conversations > 0;
	}
}

export function stepStates(facts: Facts): Readonly<Record<Step, StepState>> {
	const isOver = (step: Step) =>
		isDone(step, facts) ||
		(step === "model" && facts.model.is !== "broken") ||
		// The chat works without content.
		step === "knowledge";
	const next = STEPS.find((step) => !isOver(step));
	const isDue = (step: Step) =>
		step === next ||
		step === "model" ||
		(step === "knowledge" && (next === undefined || STEPS.indexOf(next) > STEPS.indexOf(step)));
	const stateOf = (step: Step): StepState => {
		if (isDone(step, facts)) return "done";
		if (step === "model" && facts.model.is === "broken") return "failed";
		return isDue(step) ? "now" : "later";
	};
	return Object.fromEntries(STEPS.map((step) => [step, stateOf(step)])) as Record<Step, StepState>;
}
