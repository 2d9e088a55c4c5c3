// A control with its label, a hint and an error: the screen reader hears all three.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** What the control of a field must carry. */
export interface ControlProps {
	readonly id: string;
	readonly "aria-describedby": string | undefined;
	readonly "aria-invalid": boolean;
}

interface FieldProps {
	readonly label: string;
	readonly hint?: ComponentChildren;
	/** Empty or missing: the value is valid. */
	readonly error?: string | undefined;
	/** To the right of the label, such as a counter. */
	readonly aside?: ComponentChildren;
	readonly children: (control: ControlProps) => ComponentChildren;
}

export function Field({ label, hint, error = "", aside, children }: FieldProps) {
	const id = useId();
	const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
	return (
		<div class="field">
			<div class="field-head">
				<label class="field-label" for={id}>
					{label}
				</label>
				{aside && <span class="field-aside">{aside}</span>}
			</div>
			{children({
				id,
				"aria-describedby": described || undefined,
				"aria-invalid": error !== "",
			})}
			{hint && (
				<p class="field-hint" id={`${id}-hint`}>
					{hint}
				</p>
			)}
			{error && (
				<p class="field-error" id={`${id}-error`}>
					{error}
				</p>
			)}
		</div>
	);
}

interface TextFieldProps extends Omit<FieldProps, "children"> {
	readonly value: string;
	readonly onValue: (value: string) => void;
	readonly type?: "text" | "email" | "password" | "url" | "number" | "search" | "date";
	readonly placeholder?: string;
	readonly autocomplete?: string;
	readonly maxLength?: number;
	readonly required?: boolean;
	readonly readOnly?: boolean;
	readonly disabled?: boolean;
	readonly min?: number;
	readonly max?: number;
	readonly step?: number;
	/** More than 1: a text of several lines. */
	readonly rows?: number;
	/** For keys and addresses. */
	readonly isMono?: boolean;
}

export function TextField(props: TextFieldProps) {
	const { label, hint, error, aside, value, onValue, rows = 1, isMono, type, ...native } = props;
	return (
		<Field label={label} hint={hint} error={error} aside={aside}>
			{(control) => {
				const shared = {
					...native,
					...control,
					class: isMono ? "input mono" : "input",
					value,
					onInput: (event: { currentTarget: { value: string } }) =>
						onValue(event.currentTarget.value),
				};
				return rows > 1 ? (
					<textarea {...shared} rows={rows} />
				) : (
					// Preact's types want to know the one type.
					<input {...shared} type={(type ?? "text") as "text"} />
				);
			}}
		</Field>
	);
}

export interface Choice<T extends string> {
	readonly value: T;
	readonly text: string;
}

interface SelectFieldProps<T extends string> extends Omit<FieldProps, "children"> {
	readonly value: T;
	readonly choices: ReadonlyArray<Choice<T>>;
	readonly onValue: (value: T) => void;
	readonly disabled?: boolean;
}

export function SelectField<T extends string>(props: SelectFieldProps<T>) {
	const { label, hint, error, aside, value, choices, onValue, disabled } = props;
	return (
		<Field label={label} hint={hint} error={error} aside={aside}>
			{(control) => (
				<select
					{...control}
					class="input select"
					disabled={disabled}
					value={value}
					onChange={(event) => onValue(event.currentTarget.value as T)}
				>
					{choices.map((choice) => (
						<option key={choice.value} value={choice.value}>
							{choice.text}
						</option>
					))}
				</select>
			)}
		</Field>
	);
}

interface SwitchFieldProps {
	readonly label: string;
	readonly hint?: ComponentChildren;
	readonly isOn: boolean;
	readonly onValue: (isOn: boolean) => void;
	readonly disabled?: boolean;
}

/** For what takes effect by itself or with the form: on or off. */
export function SwitchField({ label, hint, isOn, onValue, disabled }: SwitchFieldProps) {
	const id = useId();
	return (
		<div class="switch-field">
			<input
				id={id}
				class="switch"
				type="checkbox"
				role="switch"
				checked={isOn}
				aria-checked={isOn}
				disabled={disabled}
				aria-describedby={hint ? `${id}-hint` : undefined}
				onChange={(event) => onValue(event.currentTarget.checked)}
			/>
			<div>
				<label class="field-label" for={id}>
					{label}
				</label>
				{hint && (
					<p class="field-hint" id={`${id}-hint`}>
						{hint}
					</p>
				)}
			</div>
		</div>
	);
}

interface ChoicesProps<T extends string> {
	readonly label: string;
	readonly value: T;
	readonly choices: ReadonlyArray<Choice<T>>;
	readonly onValue: (value: T) => void;
}

/** A few choices side by side, one of which is selected. */
export function Segments<T extends string>({ label, value, choices, onValue }: ChoicesProps<T>) {
	const name = useId();
	return (
		<fieldset class="segments">
			<legend class="unseen">{label}</legend>
			{choices.map((choice) => (
				<label class="segment" key={choice.value}>
					<input
						class="unseen"
						type="radio"
						name={name}
						checked={choice.value === value}
						onChange={() => onValue(choice.value)}
					/>
					<span>{choice.text}</span>
				</label>
			))}
		</fieldset>
	);
}
