// What a reply ends with that needs a decision: code, texts and styles are loaded for the first one.

import { page } from "../area";
import styles from "./actions.css?link";
import type { DecisionsProps } from "./decisions";
import { t as texts } from "./texts";

export const Decisions = page<DecisionsProps>(
	{ styles, texts },
	async () => (await import("./decisions")).Decisions,
);
