// How a failed call shows: instead of the data when there is none, else as a
// line above what was loaded before.

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
			<p>This page keeps trying by itself.</p>
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

/** Not `disabled` while it works: that would take the focus off it. Asking twice is harmless. */
function RetryButton({ refresh, isRefreshing, label }: Refresh & { readonly label: string }) {
	return (
		<button class="button" type="button" aria-disabled={isRefreshing} onClick={refresh}>
			{isRefreshing ? "Trying…" : label}
		</button>
	);
}
