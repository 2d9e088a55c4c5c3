// Shows a failed request: in place of missing data, or as a line above data loaded earlier.

import { type ApiError, describe } from "../errors";
import type { Refresh } from "../hooks/use-poll";

interface TroubleProps {
	readonly error: ApiError;
	readonly retry: Refresh;
}

export function TroubleScreen({ error, retry }: TroubleProps) {
	return (
		<div class="blank" role="alert">
			<p class="blank-title">{describe(error)}</p>
			<p>This page retries automatically.</p>
			<RetryButton {...retry} label="Try again now" />
		</div>
	);
}

export function TroubleLine({ error, retry }: TroubleProps) {
	return (
		<div class="trouble">
			<p role="status">{describe(error)} This is what was loaded before; trying again.</p>
			<RetryButton {...retry} label="Try now" />
		</div>
	);
}

/** Not `disabled` while it works, which would lose the focus. A second click is harmless. */
function RetryButton({ refresh, isRefreshing, label }: Refresh & { readonly label: string }) {
	return (
		<button class="button" type="button" aria-disabled={isRefreshing} onClick={refresh}>
			{isRefreshing ? "Trying…" : label}
		</button>
	);
}
