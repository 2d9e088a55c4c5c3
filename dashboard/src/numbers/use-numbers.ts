// The data of the page.

import type { AgentList, Numbers, Prices, Widget } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";
import { addDays, type Period } from "./periods";

type By = "day" | "hour" | "widget" | "agent";

/** New messages change the numbers all the time; a page to look at need not. */
const CALM_MS = 3_000;

export function useNumbers(by: By, { from, to }: Period): Data<Numbers> {
	return useData<Numbers>(`numbers/${by}/${from}/${to}`, (api) => ({
		load: (signal) => api.read("/v1/admin/numbers", { query: { by, from, to }, signal }),
		kinds: ["conversation", "message", "reply", "rating"],
		calmMs: CALM_MS,
	}));
}

/** The server keeps hours for 35 days. */
const HOUR_DAYS = 28;

export const hoursUntil = (today: string): Period => ({
	from: addDays(today, 1 - HOUR_DAYS),
	to: today,
});

export function usePrices(): Data<Prices> {
	return useData<Prices>("prices", (api) => ({
		load: (signal) => api.read("/v1/admin/prices", { signal }),
		kinds: ["prices"],
	}));
}

export function useAgents(): Data<AgentList> {
	return useData<AgentList>("numbers/agents", (api) => ({
		load: (signal) => api.read("/v1/admin/agents", { query: { limit: 200 }, signal }),
		kinds: ["agent"],
	}));
}

export function useWidgets(): Data<{ readonly widgets: readonly Widget[] }> {
	return useData<{ readonly widgets: readonly Widget[] }>("numbers/widgets", (api) => ({
		load: (signal) => api.read("/v1/admin/widgets", { query: { limit: 200 }, signal }),
		kinds: ["widget"],
	}));
}
