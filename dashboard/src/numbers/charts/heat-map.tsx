// The busiest hours: a table of weekdays and hours, whose cells are darker the more visitors write.

import { locale } from "../../text/language";
import { HOURS, heatOf, levelOf } from "../hours";
import { t } from "../texts";
import { hoursUntil, useNumbers } from "../use-numbers";

/** 5 January 2026 was a Monday. */
const weekday = (day: number, style: "short" | "long"): string =>
	new Intl.DateTimeFormat(locale, { weekday: style, timeZone: "UTC" }).format(
		Date.UTC(2026, 0, 5 + day),
	);

const hourName = (hour: number): string =>
	new Intl.DateTimeFormat(locale, { hour: "numeric", timeZone: "UTC" }).format(
		Date.UTC(2026, 0, 5, hour),
	);

export function HeatMap({ today }: { readonly today: string }) {
	const { data } = useNumbers("hour", hoursUntil(today));
	const heat = heatOf(data?.rows ?? []);
	const most = Math.max(1, ...heat.flat());
	return (
		<section class="card chart">
			<div class="card-head">
				<div>
					<h2>{t("busiest")}</h2>
					<p class="field-hint">{t("busiestHint")}</p>
				</div>
			</div>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls takes the focus */}
			<section class="heat-box" tabIndex={0} aria-label={t("busiest")}>
				<table class="heat">
					<thead>
						<tr>
							<td />
							{Array.from({ length: HOURS }, (_, hour) => (
								<th scope="col" key={hour}>
									<span class={hour % 3 === 0 ? "" : "unseen"}>{hour}</span>
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{heat.map((cells, day) => (
							<tr key={weekday(day, "long")}>
								<th scope="row">
									<abbr title={weekday(day, "long")}>{weekday(day, "short")}</abbr>
								</th>
								{cells.map((count, hour) => (
									<td
										// Hours have no other identity.
										key={hourName(hour)}
										class={`heat-cell heat-${levelOf(count, most)}`}
										title={`${weekday(day, "long")}, ${hourName(hour)}: ${t("messagesCount", { count })}`}
									>
										<span class="unseen">{count}</span>
									</td>
								))}
							</tr>
						))}
					</tbody>
				</table>
			</section>
		</section>
	);
}
