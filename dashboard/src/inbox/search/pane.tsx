// The search: words and filters, and what was found, newest first. A result opens the conversation at its message.

import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { SearchResult } from "../../../../workerd/api/openapi/openapi";
import { useNow } from "../../hooks/use-now";
import { contactPath } from "../../paths";
import { words } from "../../text/words";
import { Blank } from "../../ui/blank";
import { IconButton } from "../../ui/button";
import { EndOfList } from "../../ui/end-of-list";
import { Icon } from "../../ui/icon";
import { Skeleton } from "../../ui/skeleton";
import { TimeStamp } from "../../ui/time-stamp";
import { RetryButton, TroubleScreen } from "../../ui/trouble";
import { visitorName } from "../../ui/visitor-name";
import { type Filters, isSearchable, listPath, openPath, type Place, reviewOf } from "../place";
import { t as inbox } from "../texts";
import type { ViewNames } from "../view-list";
import { SearchFilters } from "./filters";
import { t } from "./texts";
import { useSearch } from "./use-search";

const TYPING_MS = 200;

interface SearchPaneProps {
	readonly place: Place;
	readonly filters: Filters;
	readonly names: ViewNames;
	/** The message that is shown beside the results. */
	readonly message: string | undefined;
}

export function SearchPane({ place, filters, names, message }: SearchPaneProps) {
	const { route } = useLocation();
	const field = useRef<HTMLInputElement>(null);
	const q = filters.q ?? "";
	const [text, setText] = useState(q);
	/** The words of the address that the field shows or has led to. */
	const known = useRef(q);
	const [showsFilters, setShowsFilters] = useState(
		reviewOf(filters) === null && Object.keys(filters).some((name) => name !== "q"),
	);

	function search(next: Filters) {
		known.current = next.q ?? "";
		route(listPath({ ...place, filters: next }), true);
	}
	/** With the words that are being typed. */
	const withText = (next: Filters): Filters => {
		const { q: _, ...others } = next;
		return text === "" ? others : { ...others, q: text };
	};

	// A link leads to another search.
	useEffect(() => {
		if (q === known.current) return;
		known.current = q;
		setText(q);
	}, [q]);
	// Typing searches after a pause; Enter at once.
	useEffect(() => {
		if (text === q) return;
		const timer = setTimeout(() => search(withText(filters)), TYPING_MS);
		return () => clearTimeout(timer);
	}, [text, JSON.stringify(filters)]);
	useEffect(() => field.current?.focus(), []);

	return (
		<>
			<search class="search-form">
				<form
					class="search-line"
					onSubmit={(event) => {
						event.preventDefault();
						search(withText(filters));
					}}
				>
					<input
						class="input"
						type="search"
						id="search"
						ref={field}
						aria-label={t("searchFor")}
						placeholder={t("searchFor")}
						maxLength={256}
						value={text}
						onInput={(event) => setText(event.currentTarget.value)}
					/>
					<IconButton
						name="filter"
						label={t("filters")}
						aria-expanded={showsFilters}
						onClick={() => setShowsFilters(!showsFilters)}
					/>
				</form>
				{showsFilters && (
					<SearchFilters
						filters={filters}
						names={names}
						onFilters={(next) => search(withText(next))}
					/>
				)}
			</search>
			<Results place={place} filters={filters} message={message} />
		</>
	);
}

function Results({ place, filters, message }: Omit<SearchPaneProps, "names">) {
	const { results, cursor, error, isLoading, load, retry } = useSearch(filters);
	const now = useNow();
	if (!isSearchable(filters))
		return (
			<Blank icon="search" title={t("searchStart")}>
				<p>{t("searchHint")}</p>
			</Blank>
		);
	if (error && results.length === 0) {
		if (error.code !== "search_unavailable") return <TroubleScreen error={error} retry={retry} />;
		return (
			<Blank icon="warning" title={t("searchUnavailable")}>
				<p>{t("searchUnavailableText")}</p>
				<RetryButton retry={retry} label={inbox("search")} />
			</Blank>
		);
	}
	if (isLoading) return <Skeleton rows={6} />;
	if (results.length === 0)
		return (
			<Blank icon="search" title={t("searchNone")}>
				<p>{t("searchNoneText")}</p>
			</Blank>
		);
	return (
		<div class="results">
			<ul aria-label={inbox("results")}>
				{results.map((one) => (
					<li key={one.id}>
						<Result result={one} place={place} isOpen={one.id === message} now={now} />
					</li>
				))}
			</ul>
			<EndOfList cursor={cursor} error={error} load={load} retry={retry} end={t("searchEnd")} />
		</div>
	);
}

interface ResultProps {
	readonly result: SearchResult;
	readonly place: Place;
	readonly isOpen: boolean;
	readonly now: number;
}

const KINDS = {
	message: ["inbox", "kindMessage"],
	note: ["note", "kindNote"],
	contact: ["contacts", "kindContact"],
} as const;

function Result({ result, place, isOpen, now }: ResultProps) {
	const { kind, id, conversationId, at, visitor, snippet } = result;
	const [icon, name] = KINDS[kind];
	const href =
		conversationId === null
			? contactPath(id)
			: openPath(place, conversationId, kind === "message" ? id : undefined);
	return (
		<a class="result" href={href} aria-current={isOpen ? "true" : undefined}>
			<span class="result-head">
				<Icon name={icon} />
				<span class="result-kind">
					{visitor && (
						<>
							<b dir="auto">{visitorName(visitor)}</b>
							{" · "}
						</>
					)}
					{t(name)}
				</span>
				<TimeStamp at={at} text={words.brief(at, now)} />
			</span>
			<span class="result-text">
				{snippet.map(({ text, match }, i) => (match ? <mark key={i}>{text}</mark> : text))}
			</span>
		</a>
	);
}
