// The numbers of a chart as a table, which everybody can read.

import { useState } from "preact/hooks";
import { formatDayYear, NONE } from "../formats";
import { t } from "../texts";
import { type Series, stepOf } from "./plot";

interface ChartTableProps {
	readonly title: string;
	readonly days: readonly string[];
	readonly series: readonly Series[];
	readonly format: (value: number) => string;
}

export function ChartTable({ title, days, series, format }: ChartTableProps) {
	const [isOpen, setOpen] = useState(false);
	return (
		<details class="chart-details" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>
				{t("asTable")}
				<span class="unseen">: {title}</span>
			</summary>
			{isOpen && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls takes the focus
				<section class="chart-table" tabIndex={0} aria-label={title}>
					<table class="table">
						<thead>
							<tr>
								<th scope="col">{t(stepOf(days) > 1 ? "weekFrom" : "day")}</th>
								{series.map(({ name }) => (
									<th scope="col" class="numeric" key={name}>
										{name}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{days.map((day, i) => (
								<tr key={day}>
									<th scope="row">{formatDayYear(day)}</th>
									{series.map(({ name, values }) => {
										const value = values[i];
										return (
											<td class="numeric" key={name}>
												{value === null || value === undefined ? NONE : format(value)}
											</td>
										);
									})}
								</tr>
							))}
						</tbody>
					</table>
				</section>
			)}
		</details>
	);
}
