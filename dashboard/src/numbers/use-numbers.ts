// The data of the page.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Numbers } from "../../../workerd/api/openapi/openapi";
import { type Data, useData } from "../api/desk";
import type { Filter } from "./filter";
import { addDays, type Period } from "./periods";

type By = "day" | "hour" | "widget" | "agent";

/** New messages change the numbers all the time; a page to look at need not. */
const CALM_MS = 3_000;

const KINDS = ["conversation", "message", "reply", "rating"] as const;

/** Of which widget or agent the page shows the numbers. */
export const FilterContext = createContext<Filter>({});

export function useNumbers(by: By, { from, to }: Period): Data<Numbers> {
	const filter = useContext(FilterContext);
	return useData<Numbers>(`numbers/${by}/${from}/${to}/${JSON.stringify(filter)}`, (api) => ({
		load: (signal) => api.read("/v1/admin/numbers", { query: { by, from, to, ...filter }, signal }),
		kinds: KINDS,
		calmMs: CALM_MS,
	}));
}

/** The server keeps hours for 35 days. */
const HOUR_DAYS = 28;

export const hoursUntil = (today: string): Period => ({
	from: addDays(today, 1 - HOUR_DAYS),
	to: today,
});
