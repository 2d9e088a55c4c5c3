// Draws lines and bars by days with uPlot. Its styles are set by CSSOM, which the page's policy allows.

import type uPlot from "uplot";
import { formatDay } from "../formats";
import { dayOf, msOf } from "../periods";

export interface Series {
	readonly name: string;
	/** One for each day; null: nothing to show. */
	readonly values: ReadonlyArray<number | null>;
	/** A custom property of the style sheet, such as "--chart-1". */
	readonly color: string;
	readonly kind: "bar" | "line" | "dashed";
}

export interface PlotOptions {
	readonly days: readonly string[];
	readonly series: readonly Series[];
	/** Each bar begins where the one before ends. */
	readonly isStacked: boolean;
	readonly format: (value: number) => string;
	readonly width: number;
	readonly height: number;
	/** The day under the pointer; null: none. */
	readonly onPoint: (index: number | null, left: number) => void;
}

const DAY_S = 24 * 3600;
/** The width of the axis at the left. */
export const AXIS_PX = 64;
const FONT = "12px system-ui, sans-serif";
/** Distances of the labels: a day to a year. */
const STEPS = [1, 2, 7, 14, 28, 56, 91, 182, 364].map((days) => days * DAY_S);

/** A colour of the style sheet as the canvas understands it, in the present scheme. */
function colorOf(root: HTMLElement, property: string): string {
	const probe = document.createElement("span");
	probe.style.color = `var(${property})`;
	root.append(probe);
	const { color } = getComputedStyle(probe);
	probe.remove();
	return color;
}

/** How many days a value stands for: one or seven. */
export function stepOf(days: readonly string[]): number {
	const [before, last] = days.slice(-2);
	return before && last ? (msOf(last) - msOf(before)) / (DAY_S * 1000) : 1;
}

/** The values of stacked bars: each with all below it. */
export function stacked(series: readonly Series[]): ReadonlyArray<readonly number[]> {
	const sums: number[][] = [];
	for (const { values } of series) {
		const below = sums[sums.length - 1];
		sums.push(values.map((value, i) => (value ?? 0) + (below?.[i] ?? 0)));
	}
	return sums;
}

/** The values without a neighbour, to which a line has no end: they get a point. */
export function alone(values: Series["values"]): readonly number[] {
	const isMissing = (i: number) => (values[i] ?? null) === null;
	return values.flatMap((_, i) =>
		!isMissing(i) && isMissing(i - 1) && isMissing(i + 1) ? [i] : [],
	);
}

function seriesOptions(
	UPlot: typeof uPlot,
	root: HTMLElement,
	{ name, color, kind, values }: Series,
): uPlot.Series {
	const stroke = colorOf(root, color);
	const bars = UPlot.paths.bars?.({ size: [0.72, 28], radius: 0.12 });
	if (kind === "bar")
		return {
			label: name,
			fill: stroke,
			width: 0,
			points: { show: false },
			...(bars && { paths: bars }),
		};
	return {
		label: name,
		stroke,
		width: kind === "dashed" ? 1.5 : 2,
		...(kind === "dashed" && { dash: [4, 4] }),
		points: { show: true, size: 5, fill: stroke, filter: () => [...alone(values)] },
	};
}

export async function draw(root: HTMLElement, options: PlotOptions): Promise<uPlot> {
	const { default: UPlot } = await import("uplot");
	const { days, series, isStacked, format, width, height, onPoint } = options;
	const values = isStacked ? stacked(series) : series.map((one) => one.values);
	// What is drawn later covers what was drawn before: the largest sum comes first.
	const order = series.map((_, i) => (isStacked ? series.length - 1 - i : i));
	const ink = colorOf(root, "--ink-3");
	const line = colorOf(root, "--line");
	// So that the bars at both ends are whole.
	const side = stepOf(days) * DAY_S * 0.6;
	const axis = { stroke: ink, font: FONT, ticks: { show: false } };
	return new UPlot(
		{
			width,
			height,
			padding: [8, 22, 0, 0],
			legend: { show: false },
			cursor: { y: false, points: { show: !isStacked }, drag: { x: false, y: false } },
			scales: {
				x: { time: false, range: (_, min, max) => [min - side, max + side] },
				y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
			},
			axes: [
				{
					...axis,
					grid: { show: false },
					incrs: STEPS,
					space: 64,
					size: 28,
					values: (_, splits) =>
						splits.map((at) =>
							at >= (days[0] ? msOf(days[0]) / 1000 : 0) ? formatDay(dayOf(at * 1000)) : "",
						),
				},
				{
					...axis,
					grid: { stroke: line, width: 1 },
					size: AXIS_PX,
					space: 36,
					values: (_, splits) => splits.map(format),
				},
			],
			series: [
				{},
				...order.flatMap((i) => (series[i] ? [seriesOptions(UPlot, root, series[i])] : [])),
			],
			hooks: {
				setCursor: [(plot) => onPoint(plot.cursor.idx ?? null, plot.cursor.left ?? 0)],
			},
		},
		[days.map((day) => msOf(day) / 1000), ...order.map((i) => [...(values[i] ?? [])])],
		root,
	);
}
