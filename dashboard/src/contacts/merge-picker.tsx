// Selects the contact that another one takes in.

import { useState } from "preact/hooks";
import type { Contact } from "../../../workerd/api/openapi/openapi";
import { useLater } from "../hooks/use-later";
import { Avatar } from "../ui/avatar";
import { EndOfList } from "../ui/end-of-list";
import { TextField } from "../ui/field";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { useContacts } from "./data";
import { nameOf, reachedAt } from "./names";
import { t } from "./texts";

interface MergePickerProps {
	readonly contact: Contact;
	readonly onPick: (other: Contact) => void;
}

export function MergePicker({ contact, onPick }: MergePickerProps) {
	const [text, setText] = useState("");
	const search = useLater(text.trim());
	return (
		<>
			<TextField
				label={t("mergeSearch")}
				hint={t("mergeHint")}
				type="search"
				value={text}
				onValue={setText}
				placeholder={t("searchHint")}
				autocomplete="off"
			/>
			<Results key={search} contact={contact} search={search} onPick={onPick} />
		</>
	);
}

interface ResultsProps extends MergePickerProps {
	readonly search: string;
}

function Results({ contact, search, onPick }: ResultsProps) {
	const { items, error, refresh, end } = useContacts(search);
	if (!items)
		return error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={3} />;
	const others = items.filter((one) => one.id !== contact.id);
	return (
		<div class="merge-results">
			<ul aria-label={t("mergeResults")}>
				{others.map((one) => (
					<li key={one.id}>
						<button class="merge-result" type="button" onClick={() => onPick(one)}>
							<Avatar name={one.id} person={one.name} size="small" />
							<span class="merge-name">{nameOf(one) ?? t("nameless")}</span>
							<span class="quiet">{reachedAt(one).join(" · ")}</span>
						</button>
					</li>
				))}
			</ul>
			{others.length === 0 && end.cursor === null ? (
				<p class="quiet">{search === "" ? t("mergeNobody") : t("none", { search })}</p>
			) : (
				<EndOfList {...end} end={t("endSearch")} />
			)}
		</div>
	);
}
