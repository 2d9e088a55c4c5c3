// The guide of an empty inbox, loaded when it is needed.

import { ErrorBoundary } from "preact-iso";
import { page } from "../area";
import startStyles from "../start/start.css?link";
import { t as startTexts } from "../start/texts";

const Start = page(
	{ styles: startStyles, texts: startTexts },
	async () => (await import("../start/start")).Start,
);

export function StartPane() {
	return (
		<ErrorBoundary>
			<Start />
		</ErrorBoundary>
	);
}
