// Sums of the server's rows.

import type { NumberRow } from "../../../workerd/api/openapi/openapi";
import { modelsOf } from "./cost";
import { daysOf, type Period } from "./periods";

export type Row = NumberRow;
export type Percentiles = NumberRow["firstToken"];

/** The members that can be added. */
export type Sums = Pick<
	NumberRow,
	| "conversations"
	| "messages"
	| "messagesByRole"
	| "tokensIn"
	| "tokensOut"
	| "models"
	| "replies"
	| "handovers"
	| "ratings"
>;

export const NOTHING: Sums = {
	conversations: 0,
	messages: 0,
	messagesByRole: { user: 0, assistant: 0, operator: 0 },
	tokensIn: 0,
	tokensOut: 0,
	models: [],
	replies: { complete: 0, stopped: 0, interrupted: 0, failed: 0 },
	handovers: 0,
	ratings: { up: 0, down: 0 },
};

/** Adds numbers by their names. */
function added<T extends Readonly<Record<string, number>>>(a: T, b: T): T {
	return Object.fromEntries(
		Object.entries(a).map(([name, value]) => [name, value + (b[name] ?? 0)]),
	) as T;
}

export function sumOf(rows: readonly Sums[]): Sums {
	return rows.reduce<Sums>(
		(sum, row) => ({
			conversations: sum.conversations + row.conversations,
			messages: sum.messages + row.messages,
			messagesByRole: added(sum.messagesByRole, row.messagesByRole),
			tokensIn: sum.tokensIn + row.tokensIn,
			tokensOut: sum.tokensOut + row.tokensOut,
			models: [...modelsOf([sum, row])],
			replies: added(sum.replies, row.replies),
			handovers: sum.handovers + row.handovers,
			ratings: added(sum.ratings, row.ratings),
		}),
		NOTHING,
	);
}

export const repliesOf = ({ replies }: Pick<Sums, "replies">): number =>
	replies.complete + replies.stopped + replies.interrupted + replies.failed;

export const tokensOf = ({ tokensIn, tokensOut }: Pick<Sums, "tokensIn" | "tokensOut">): number =>
	tokensIn + tokensOut;

const NO_TIME: Percentiles = { p50: null, p95: null };

/** A row for each day of the period, also for those without anything counted. */
export function byDay(rows: readonly Row[], period: Period): readonly Row[] {
	const known = new Map(rows.map((row) => [row.day, row]));
	return daysOf(period).map(
		(day) => known.get(day) ?? { ...NOTHING, day, firstToken: NO_TIME, totalTime: NO_TIME },
	);
}

/** More days than this are shown by week. */
const DAYS_SHOWN_MAX = 120;
const WEEK = 7;

export const isByWeek = (days: number): boolean => days > DAYS_SHOWN_MAX;

/** Rows of days, or of weeks if there are many. The weeks end with the last day; the first has the days that are left over. */
export function grouped(days: readonly Row[]): readonly Row[] {
	if (!isByWeek(days.length)) return days;
	const weeks: Row[] = [];
	let end = days.length % WEEK || WEEK;
	for (let begin = 0; begin < days.length; begin = end, end += WEEK) {
		const some = days.slice(begin, end);
		const day = some[0]?.day;
		weeks.push({
			...sumOf(some),
			...(day !== undefined && { day }),
			firstToken: percentilesOf(some),
			totalTime: NO_TIME,
		});
	}
	return weeks;
}

/**
 * The percentiles of several rows together, weighted by their replies. Exact for one row; the server's histograms
 * cannot be added here.
 */
export function percentilesOf(rows: readonly Row[]): Percentiles {
	const mean = (name: "p50" | "p95") => {
		let sum = 0;
		let weight = 0;
		for (const row of rows) {
			const value = row.firstToken[name];
			if (value === null) continue;
			sum += value * Math.max(1, repliesOf(row));
			weight += Math.max(1, repliesOf(row));
		}
		return weight === 0 ? null : Math.round(sum / weight);
	};
	return { p50: mean("p50"), p95: mean("p95") };
}
