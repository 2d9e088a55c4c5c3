// A point in time: short to read, exact on hover and for machines.

import { words } from "../text/words";

interface TimeStampProps {
	readonly at: number;
	readonly text: string;
}

export function TimeStamp({ at, text }: TimeStampProps) {
	return (
		<time dateTime={new Date(at).toISOString()} title={words.exact(at)}>
			{text}
		</time>
	);
}
