// A chart with its legend, a tooltip, and the same numbers as a table.

import { useEffect, useRef, useState } from "preact/hooks";
import { watchColours } from "../../shell/theme";
import { formatDayYear } from "../formats";
import { t } from "../texts";
import { ChartTable } from "./chart-table";
import { AXIS_PX, draw, type Series, stepOf } from "./plot";

interface ChartProps {
	readonly title: string;
	readonly hint?: string;
	readonly days: readonly string[];
	readonly series: readonly Series[];
	readonly isStacked?: boolean;
	/** Of the axis and the tooltip. */
	readonly format: (value: number) => string;
}

interface Point {
	readonly index: number;
	readonly left: number;
}

const HEIGHT = 220;

export function Chart({ title, hint, days, series, isStacked = false, format }: ChartProps) {
	const root = useRef<HTMLDivElement>(null);
	const [point, setPoint] = useState<Point | null>(null);
	const drawn = JSON.stringify([days, series]);

	useEffect(() => {
		const element = root.current;
		if (!element) return;
		return keepDrawn(element, (width) =>
			draw(element, {
				days,
				series,
				isStacked,
				format,
				width,
				height: HEIGHT,
				onPoint: (index, left) => setPoint(index === null ? null : { index, left }),
			}),
		);
	}, [drawn]);

	return (
		<section class="card chart">
			<div class="card-head">
				<div>
					<h2>{title}</h2>
					{(hint || stepOf(days) > 1) && (
						<p class="field-hint">
							{hint} {stepOf(days) > 1 && t("byWeek")}
						</p>
					)}
				</div>
				<ul class="legend" aria-hidden="true">
					{series.map(({ name, color, kind }) => (
						<li key={name}>
							<span class={`legend-mark legend-${kind}`} style={{ "--mark": `var(${color})` }} />
							{name}
						</li>
					))}
				</ul>
			</div>
			<div class="chart-box">
				<div
					class="chart-canvas"
					ref={root}
					role="img"
					aria-label={t("chartOf", { title })}
					onPointerLeave={() => setPoint(null)}
				/>
				{point && days[point.index] !== undefined && (
					<Tooltip point={point} days={days} series={series} format={format} root={root.current} />
				)}
			</div>
			<ChartTable title={title} days={days} series={series} format={format} />
		</section>
	);
}

interface Drawing {
	destroy(): void;
	setSize(size: { width: number; height: number }): void;
}

/** Draws, and draws again when colours change; follows the width. Returns the function that ends it. */
function keepDrawn(element: HTMLElement, make: (width: number) => Promise<Drawing>): () => void {
	let drawing: Drawing | null = null;
	let turn = 0;

	async function redraw() {
		const mine = ++turn;
		const next = await make(element.clientWidth);
		if (mine !== turn) return next.destroy();
		drawing?.destroy();
		drawing = next;
	}

	const size = new ResizeObserver(() =>
		drawing?.setSize({ width: element.clientWidth, height: HEIGHT }),
	);
	size.observe(element);
	const unwatch = watchColours(() => void redraw());
	void redraw().catch(() => {
		// The table below has the numbers when the script could not be loaded.
	});
	return () => {
		turn++;
		size.disconnect();
		unwatch();
		drawing?.destroy();
	};
}

interface TooltipProps extends Pick<ChartProps, "days" | "series" | "format"> {
	readonly point: Point;
	readonly root: HTMLElement | null;
}

function Tooltip({ point, days, series, format, root }: TooltipProps) {
	const { index, left } = point;
	const isRight = root !== null && left + AXIS_PX > root.clientWidth / 2;
	const at = {
		[isRight ? "right" : "left"]:
			`${isRight ? (root?.clientWidth ?? 0) - left - AXIS_PX + 12 : left + AXIS_PX + 12}px`,
	};
	return (
		<div class="chart-tip" style={at} aria-hidden="true">
			<p class="chart-tip-day">
				{stepOf(days) > 1 && `${t("weekFrom")} `}
				{formatDayYear(days[index] ?? "")}
			</p>
			{series.map(({ name, color, kind, values }) => {
				const value = values[index];
				return (
					<p class="chart-tip-line" key={name}>
						<span class={`legend-mark legend-${kind}`} style={{ "--mark": `var(${color})` }} />
						<span>{name}</span>
						<strong>{value === null || value === undefined ? "–" : format(value)}</strong>
					</p>
				);
			})}
		</div>
	);
}
