// Selects the period: the last days, or from one day to another.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../ui/button";
import { Segments, TextField } from "../ui/field";
import { formatDayYear } from "./formats";
import { type Choice, DAYS_MAX, lastDays, PRESETS, periodBetween } from "./periods";
import { t } from "./texts";

interface RangePickerProps {
	readonly choice: Choice;
	readonly today: string;
	readonly onChoice: (choice: Choice) => void;
	/** Beside the days. */
	readonly children?: ComponentChildren;
}

type Value = `${(typeof PRESETS)[number]}` | "custom";

export function RangePicker({ choice, today, onChoice, children }: RangePickerProps) {
	const [isOpen, setOpen] = useState(choice.preset === "custom");

	function choose(value: Value) {
		setOpen(value === "custom");
		const preset = PRESETS.find((days) => String(days) === value);
		if (preset) onChoice({ preset, period: lastDays(preset, today) });
	}

	return (
		<div class="range">
			<div class="range-row">
				{children}
				<Segments<Value>
					label={t("range")}
					value={isOpen ? "custom" : (String(choice.preset) as Value)}
					choices={[
						{ value: "7", text: t("days", { count: 7 }) },
						{ value: "30", text: t("days", { count: 30 }) },
						{ value: "90", text: t("days", { count: 90 }) },
						{ value: "365", text: t("year") },
						{ value: "custom", text: t("custom") },
					]}
					onValue={choose}
				/>
			</div>
			{isOpen && <CustomRange choice={choice} today={today} onChoice={onChoice} />}
			<p class="range-days">
				{t("fromTo", {
					from: formatDayYear(choice.period.from),
					to: formatDayYear(choice.period.to),
				})}{" "}
				<span class="quiet">(UTC)</span>
			</p>
		</div>
	);
}

function CustomRange({ choice, today, onChoice }: RangePickerProps) {
	const [from, setFrom] = useState(choice.period.from);
	const [to, setTo] = useState(choice.period.to);
	const [problem, setProblem] = useState("");

	function submit(event: Event) {
		event.preventDefault();
		const period = periodBetween(from, to, today);
		setProblem(period ? "" : t("rangeInvalid", { max: DAYS_MAX }));
		if (period) onChoice({ preset: "custom", period });
	}

	return (
		<form class="range-form" noValidate onSubmit={submit}>
			<TextField label={t("from")} type="date" value={from} error={problem} onValue={setFrom} />
			<TextField label={t("to")} type="date" value={to} onValue={setTo} />
			<Button type="submit">{t("show")}</Button>
		</form>
	);
}
