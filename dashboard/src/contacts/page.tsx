// All contacts, and a search for some. The search is in the address, so that going back shows it again.

import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useLater } from "../hooks/use-later";
import { useNow } from "../hooks/use-now";
import { useCommands } from "../shell/shortcuts";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { EndOfList } from "../ui/end-of-list";
import { Icon } from "../ui/icon";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { useContacts } from "./data";
import { ContactRow } from "./row";
import { t } from "./texts";

export function ContactsPage() {
	const { query, route } = useLocation();
	const [text, setText] = useState(query.q ?? "");
	const search = useLater(text.trim());
	const field = useRef<HTMLInputElement>(null);
	useCommands([
		{ id: "contacts-search", text: t("search"), key: "/", run: () => field.current?.focus() },
	]);
	useEffect(() => {
		if (search !== (query.q ?? ""))
			route(search === "" ? "/contacts" : `/contacts?q=${encodeURIComponent(search)}`, true);
	}, [search]);
	// Such as by "Contacts" in the navigation: the address has another search than the field.
	const address = useRef(query.q ?? "");
	useEffect(() => {
		const { current } = address;
		address.current = query.q ?? "";
		if (address.current !== current && address.current !== search) setText(address.current);
	}, [query.q]);

	return (
		<Page title={t("title")} lead={t("lead")}>
			<search class="contact-search">
				<Icon name="search" />
				<input
					class="input"
					type="search"
					ref={field}
					value={text}
					aria-label={t("search")}
					placeholder={t("searchHint")}
					autocomplete="off"
					onInput={(event) => setText(event.currentTarget.value)}
				/>
			</search>
			{/* Another search is another list. */}
			<ContactList
				key={search}
				search={search}
				onClear={() => {
					setText("");
					// The button goes with the empty list.
					field.current?.focus();
				}}
			/>
		</Page>
	);
}

interface ContactListProps {
	readonly search: string;
	readonly onClear: () => void;
}

function ContactList({ search, onClear }: ContactListProps) {
	const { items, error, refresh, end } = useContacts(search);
	const now = useNow();
	if (!items)
		return error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={6} />;
	if (items.length === 0 && end.cursor === null)
		return search === "" ? (
			<Blank icon="contacts" title={t("empty")}>
				<p>{t("emptyText")}</p>
			</Blank>
		) : (
			<Blank icon="search" title={t("none", { search })}>
				<Button onClick={onClear}>{t("showAll")}</Button>
			</Blank>
		);
	return (
		<>
			{error && <TroubleLine error={error} retry={refresh} />}
			<ul class="records" aria-label={t("title")}>
				{items.map((contact) => (
					<ContactRow key={contact.id} contact={contact} now={now} />
				))}
			</ul>
			<EndOfList {...end} end={search === "" ? t("end") : t("endSearch")} />
		</>
	);
}
