// What both sections have in common: a lead with the button for a new one, the states of a list, and its rows.

import type { ComponentChildren } from "preact";
import type { Data } from "../api/desk";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { Total } from "../ui/end-of-list";
import type { IconName } from "../ui/icon";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";

interface SectionProps<T> {
	readonly remote: Data<readonly T[]>;
	readonly icon: IconName;
	readonly lead: string;
	readonly action: string;
	readonly onNew: () => void;
	/** The form of a new one is open. */
	readonly isCreating: boolean;
	readonly empty: string;
	readonly emptyText: string;
	/** The list, if there is one. */
	readonly children: (items: readonly T[]) => ComponentChildren;
	/** Above the list: the form of a new one. */
	readonly form: ComponentChildren;
}

export function Section<T>(props: SectionProps<T>) {
	const { remote, icon, lead, action, onNew, isCreating, empty, emptyText, children, form } = props;
	const { data, error, refresh } = remote;
	const button = (
		<Button kind="main" icon="plus" onClick={onNew}>
			{action}
		</Button>
	);
	return (
		<div class="sayings">
			<div class="sayings-head">
				<p class="quiet">{lead}</p>
				{data && data.length > 0 && !isCreating && button}
			</div>
			{form}
			{data && error && <TroubleLine error={error} retry={refresh} />}
			{!data && (error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={3} />)}
			{data?.length === 0 && !isCreating && (
				<Blank icon={icon} title={empty}>
					<p>{emptyText}</p>
					{button}
				</Blank>
			)}
			{data && data.length > 0 && (
				<>
					{children(data)}
					<Total count={data.length} />
				</>
			)}
		</div>
	);
}
