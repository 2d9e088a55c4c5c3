// One of several choices that do not exclude each other.

interface CheckProps {
	readonly label: string;
	readonly isOn: boolean;
	readonly isDisabled?: boolean;
	readonly onValue: (isOn: boolean) => void;
}

export function Check({ label, isOn, isDisabled, onValue }: CheckProps) {
	return (
		<label class="check">
			<input
				type="checkbox"
				checked={isOn}
				disabled={isDisabled}
				onChange={({ currentTarget }) => onValue(currentTarget.checked)}
			/>
			<span>{label}</span>
		</label>
	);
}
