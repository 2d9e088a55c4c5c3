// What a section shows while its data is missing, and to those who may not see it.

import type { ComponentChildren } from "preact";
import type { Data } from "../api/desk";
import { Blank } from "../ui/blank";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { t } from "./texts";

interface LoadedProps<T> {
	readonly remote: Pick<Data<T>, "data" | "error" | "refresh">;
	readonly rows?: number;
	/** Instead of the usual text for those whom the server refuses. */
	readonly refused?: ComponentChildren;
	readonly children: (data: T) => ComponentChildren;
}

export function Loaded<T>({ remote, rows = 3, refused, children }: LoadedProps<T>) {
	const { data, error, refresh } = remote;
	if (error?.status === 403) return <>{refused ?? <OwnersOnly />}</>;
	if (data === null)
		return error ? (
			<TroubleScreen error={error} retry={refresh} />
		) : (
			<Skeleton rows={rows} kind="form" />
		);
	return (
		<>
			{error && <TroubleLine error={error} retry={refresh} />}
			{children(data)}
		</>
	);
}

export function OwnersOnly() {
	return (
		<Blank title={t("ownersOnly")} icon="key">
			<p>{t("ownersOnlyText")}</p>
		</Blank>
	);
}
