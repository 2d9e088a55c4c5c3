// The list of a view, with its head.

import type { RefObject } from "preact";
import { useEffect, useReducer } from "preact/hooks";
import type { Counts } from "../../../workerd/api/openapi/openapi";
import { useNow } from "../hooks/use-now";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { useChoosing } from "./choosing";
import type { Chosen } from "./chosen";
import type { ConversationList } from "./conversation-list";
import { openPath, type Place } from "./place";
import { type Names, Row, timeOf, waitOf } from "./row";
import { StartPane } from "./start-pane";
import { t } from "./texts";
import { countOf } from "./views";
import { type WindowHandle, WindowList } from "./window-list";

interface ListPaneProps {
	readonly list: ConversationList;
	readonly place: Place;
	readonly counts: Counts | null;
	readonly names: Names;
	readonly openId: string | null;
	readonly selectedId: string | null;
	readonly handle: RefObject<WindowHandle | null>;
	readonly label: string;
	readonly chosen: Chosen;
	readonly choose: (id: string, isRange: boolean) => void;
}

export function ListPane(props: ListPaneProps) {
	const { list, place, counts, names, openId, selectedId, handle, label, chosen, choose } = props;
	const listeners = useChoosing(chosen, selectedId);
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const now = useNow();
	useEffect(() => list.look(() => changed(undefined)), [list]);
	const { rows, error } = list;

	if (!list.isLoaded)
		return error ? (
			<TroubleScreen error={error} retry={() => list.refresh()} />
		) : (
			<Skeleton label={t("loadingList")} rows={8} />
		);
	if (rows.all.length === 0 && rows.older === null && rows.newer === null)
		return place.view === "all" && !counts?.all ? <StartPane /> : <None place={place} />;

	const total = counts ? countOf(place.view, counts) : -1;
	const above = [...list.arrivals].filter((id) => {
		const index = rows.indexOf(id);
		return index < 0 ? rows.newer !== null : index < list.firstVisible;
	});
	return (
		<>
			{error && <TroubleLine error={error} retry={() => list.refresh()} />}
			<WindowList
				list={list}
				label={label}
				handle={handle}
				selectedId={selectedId}
				listeners={listeners}
				top={
					above.length > 0 && (
						<div class="pill-place">
							<button
								class="pill"
								type="button"
								onClick={async () => {
									await list.toNewest();
									handle.current?.toTop();
								}}
							>
								<Icon name="up" />
								{t("newer", { count: above.length })}
							</button>
						</div>
					)
				}
				row={(row, index, top) => (
					<Row
						key={row._id}
						row={row}
						href={openPath(place, row._id)}
						index={index}
						top={top}
						total={total}
						time={timeOf(row, now)}
						wait={waitOf(row, now)}
						isOpen={row._id === openId}
						isSelected={row._id === selectedId}
						isChosen={chosen.has(row._id)}
						choose={choose}
						names={names}
					/>
				)}
				end={<End list={list} />}
			/>
		</>
	);
}

function End({ list }: { readonly list: ConversationList }) {
	const { olderError, rows } = list;
	if (olderError)
		return (
			<div class="list-end" role="status">
				<p>{describe(olderError)}</p>
				<Button isSmall onClick={() => list.loadOlder()}>
					{common("tryAgain")}
				</Button>
			</div>
		);
	return <p class="list-end">{rows.older === null ? t("end") : common("loadingMore")}</p>;
}

function None({ place: { view } }: { readonly place: Place }) {
	const texts = {
		all: "noneAll",
		waiting: "noneWaiting",
		mine: "noneMine",
		unassigned: "noneUnassigned",
		person: "nonePerson",
		resolved: "noneResolved",
	} as const;
	const text = view in texts ? texts[view as keyof typeof texts] : "noneOther";
	return (
		<Blank icon={view === "waiting" ? "check" : "inbox"} title={t("noneTitle")}>
			<p>{t(text)}</p>
		</Blank>
	);
}
