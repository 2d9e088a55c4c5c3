// The fields of working hours: the zone, the hours of each day of the week, and the holidays.

import { useId, useRef } from "preact/hooks";
import type { Hours } from "../../../workerd/api/openapi/openapi";
import { Button, IconButton } from "../ui/button";
import { SelectField } from "../ui/field";
import { t } from "./texts";
import {
	DAYS,
	type Day,
	dateName,
	dayName,
	HOLIDAYS_MAX,
	INTERVALS_MAX,
	type Interval,
	nextInterval,
	zones,
} from "./week";

export interface HoursFieldsProps {
	readonly value: Hours;
	/** By the server's names, such as "hours.weekly.2.from". */
	readonly errors: Readonly<Record<string, string>>;
	readonly onValue: (value: Hours) => void;
}

export function HoursFields({ value, errors, onValue }: HoursFieldsProps) {
	const id = useId();
	const set = (change: Partial<Hours>) => onValue({ ...value, ...change });
	const setWeekly = (weekly: readonly Interval[]) => set({ weekly: [...weekly] });
	return (
		<>
			<SelectField
				label={t("timezone")}
				hint={t("timezoneHint")}
				error={errors["hours.timezone"]}
				value={value.timezone}
				choices={zones(value.timezone).map((zone) => ({
					value: zone,
					text: zone.replace(/_/g, " "),
				}))}
				onValue={(timezone) => set({ timezone })}
			/>
			<fieldset class="field" aria-describedby={`${id}-hint`}>
				<legend class="field-label">{t("week")}</legend>
				<p class="field-hint" id={`${id}-hint`}>
					{t("weekHint")}
				</p>
				{errors["hours.weekly"] && <p class="field-error">{errors["hours.weekly"]}</p>}
				<div class="hours-week">
					{DAYS.map((day) => (
						<DayRow
							key={day}
							day={day}
							weekly={value.weekly}
							errors={errors}
							onWeekly={setWeekly}
						/>
					))}
				</div>
			</fieldset>
			<Holidays
				value={value.holidays ?? []}
				errors={errors}
				onValue={(holidays) => set({ holidays: [...holidays] })}
			/>
		</>
	);
}

interface DayRowProps {
	readonly day: Day;
	readonly weekly: readonly Interval[];
	readonly errors: HoursFieldsProps["errors"];
	readonly onWeekly: (weekly: readonly Interval[]) => void;
}

function DayRow({ day, weekly, errors, onWeekly }: DayRowProps) {
	const row = useRef<HTMLFieldSetElement>(null);
	const name = dayName(day);
	const own = weekly.flatMap((one, at) => (one.day === day ? [{ ...one, at }] : []));
	const change = (at: number, part: Partial<Interval>) =>
		onWeekly(weekly.map((one, i) => (i === at ? { ...one, ...part } : one)));

	function remove(at: number) {
		onWeekly(weekly.filter((_, i) => i !== at));
		// The button that had the focus goes with its hours.
		row.current?.querySelector<HTMLElement>(".hours-add button")?.focus();
	}

	function add() {
		onWeekly([...weekly, nextInterval(weekly, day)]);
		requestAnimationFrame(() =>
			Array.from(row.current?.querySelectorAll<HTMLElement>(".hours-from") ?? [])
				.pop()
				?.focus(),
		);
	}

	return (
		<fieldset class="hours-day" ref={row}>
			<legend>{name}</legend>
			<div class="hours-intervals">
				{own.length === 0 && <span class="quiet">{t("closed")}</span>}
				{own.map(({ at, from, to }, i) => {
					const wrong = ["", ".from", ".to", ".day"]
						.map((part) => errors[`hours.weekly.${at}${part}`])
						.find(Boolean);
					return (
						<div class="hours-interval" key={i}>
							<TimeInput
								class="hours-from"
								label={t("from", { day: name })}
								value={from}
								isWrong={wrong !== undefined}
								onValue={(next) => change(at, { from: next })}
							/>
							<span aria-hidden="true">{t("until")}</span>
							<TimeInput
								class="hours-to"
								label={t("to", { day: name })}
								value={to}
								isWrong={wrong !== undefined}
								onValue={(next) => change(at, { to: next })}
							/>
							<IconButton
								name="close"
								label={t("remove", { from, to, day: name })}
								onClick={() => remove(at)}
							/>
							{wrong && (
								<p class="field-error" role="alert">
									{wrong}
								</p>
							)}
						</div>
					);
				})}
			</div>
			{weekly.length < INTERVALS_MAX && (
				<span class="hours-add">
					<IconButton name="plus" label={t("add", { day: name })} onClick={add} />
				</span>
			)}
		</fieldset>
	);
}

interface TimeInputProps {
	readonly class: string;
	readonly label: string;
	readonly value: string;
	readonly isWrong: boolean;
	readonly onValue: (value: string) => void;
}

function TimeInput({ class: name, label, value, isWrong, onValue }: TimeInputProps) {
	return (
		<input
			class={`input hours-time ${name}`}
			type="time"
			aria-label={label}
			aria-invalid={isWrong}
			value={value}
			onInput={(event) => onValue(event.currentTarget.value)}
		/>
	);
}

interface HolidaysProps {
	readonly value: readonly string[];
	readonly errors: HoursFieldsProps["errors"];
	readonly onValue: (value: readonly string[]) => void;
}

function Holidays({ value, errors, onValue }: HolidaysProps) {
	const id = useId();
	const list = useRef<HTMLFieldSetElement>(null);
	const focusAdd = () => list.current?.querySelector<HTMLElement>(".button")?.focus();
	return (
		<fieldset class="field" ref={list} aria-describedby={`${id}-hint`}>
			<legend class="field-label">{t("holidays")}</legend>
			<p class="field-hint" id={`${id}-hint`}>
				{t("holidaysHint")} {value.length === 0 && t("noHolidays")}
			</p>
			{errors["hours.holidays"] && <p class="field-error">{errors["hours.holidays"]}</p>}
			<div class="hours-holidays">
				{value.map((date, i) => {
					const wrong = errors[`hours.holidays.${i}`];
					return (
						<div class="hours-holiday" key={`${i} of ${value.length}`}>
							<input
								class="input"
								type="date"
								aria-label={t("holiday", { number: i + 1 })}
								aria-invalid={wrong !== undefined}
								value={date}
								onInput={({ currentTarget }) =>
									onValue(value.map((one, at) => (at === i ? currentTarget.value : one)))
								}
							/>
							<IconButton
								name="close"
								label={t("removeHoliday", {
									date: date ? dateName(date) : t("holiday", { number: i + 1 }),
								})}
								onClick={() => {
									onValue(value.filter((_, at) => at !== i));
									focusAdd();
								}}
							/>
							{wrong && (
								<p class="field-error" role="alert">
									{wrong}
								</p>
							)}
						</div>
					);
				})}
			</div>
			{value.length < HOLIDAYS_MAX && (
				<div>
					<Button icon="plus" onClick={() => onValue([...value, ""])}>
						{t("addHoliday")}
					</Button>
				</div>
			)}
		</fieldset>
	);
}
