// What the tokens cost. The server counts tokens by agent, not by model, so each agent's tokens are charged at the price
// of the model that it uses today.

import type { AgentList, Prices } from "../../../workerd/api/openapi/openapi";
import type { Row } from "./rows";

type Tokens = Pick<Row, "tokensIn" | "tokensOut">;
const MILLION = 1_000_000;

/** The model of an agent today; null: the agent does not exist any more. */
export function modelOf(
	agentId: string | null | undefined,
	{ agents, defaults }: Pick<AgentList, "agents" | "defaults">,
): string | null {
	const agent = agents.find(({ id }) => id === agentId);
	return agent ? (agent.model ?? defaults.model) : null;
}

/** null: the model has no price. */
export function costOf(tokens: Tokens, model: string | null, prices: Prices): number | null {
	const price = model === null ? undefined : prices.models[model];
	if (!price) return null;
	return (
		(tokens.tokensIn * price.inputPerMillion + tokens.tokensOut * price.outputPerMillion) / MILLION
	);
}

export interface Cost {
	/** In the currency of the prices; null: nothing has a price. */
	readonly total: number | null;
	/** Tokens that are not in it, because their model has no price. */
	readonly unpriced: number;
}

/** `rows` are those by agent. */
export function totalCost(
	rows: readonly Row[],
	list: Pick<AgentList, "agents" | "defaults">,
	prices: Prices,
): Cost {
	let total: number | null = null;
	let unpriced = 0;
	for (const row of rows) {
		const cost = costOf(row, modelOf(row.agentId, list), prices);
		if (cost === null) unpriced += row.tokensIn + row.tokensOut;
		else total = (total ?? 0) + cost;
	}
	return { total, unpriced };
}
