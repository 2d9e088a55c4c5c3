// The newest conversations, updated while the page is visible.

import { useLayoutEffect } from "preact/hooks";
import { Avatar } from "../components/avatar";
import { EmbedHelp } from "../components/embed-help";
import { Skeleton } from "../components/skeleton";
import { SteadyList } from "../components/steady-list";
import { TimeStamp, words } from "../components/time-stamp";
import { TroubleLine, TroubleScreen } from "../components/trouble";
import { useDesk } from "../desk";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { useNow } from "../hooks/use-now";
import { usePoll } from "../hooks/use-poll";
import type { Conversation, ConversationPage as Page } from "../model";
import { conversationPath } from "../paths";

const REFRESH_MS = 5_000;
/** Activity within this time counts as live. */
const LIVE_MS = 60_000;

export function ConversationsPage() {
	const { state, api, dispatch, listScroll } = useDesk();
	const { data, error } = state.list;
	const retry = usePoll("list", {
		every: REFRESH_MS,
		load: api.conversations,
		onData: (page) => dispatch({ type: "list_loaded", page }),
		onError: (reason) => dispatch({ type: "list_failed", error: reason }),
	});

	useTitle("Conversations");
	useArrival(() => {
		window.scrollTo({ top: listScroll.current ?? 0, behavior: "instant" });
		// When returning from a conversation, focus its row.
		const row = state.threadId && document.getElementById(rowId(state.threadId));
		if (row) row.focus({ preventScroll: true });
		else focusHeading();
	});
	useLayoutEffect(() => {
		const remember = () => {
			listScroll.current = window.scrollY;
		};
		window.addEventListener("scroll", remember, { passive: true });
		return () => window.removeEventListener("scroll", remember);
	}, []);

	return (
		<main class="page" id="main" tabIndex={-1}>
			<div class="page-head">
				<h1 tabIndex={-1}>Conversations</h1>
				{data && data.total > 0 && <p class="page-count">{countText(data)}</p>}
			</div>
			{data && error && <TroubleLine error={error} retry={retry} />}
			{data ? (
				<ConversationList page={data} />
			) : error ? (
				<TroubleScreen error={error} retry={retry} />
			) : (
				<Skeleton kind="list" rows={6} label="Loading the conversations…" />
			)}
		</main>
	);
}

function countText({ total, conversations }: Page): string {
	const count = total.toLocaleString("en");
	if (conversations.length < total) return `newest ${conversations.length} of ${count}`;
	return `${count} in total`;
}

function rowId(id: string): string {
	return `row-${id}`;
}

function ConversationList({ page }: { readonly page: Page }) {
	const now = useNow();
	if (page.conversations.length === 0) return <EmbedHelp />;
	return (
		<SteadyList class="list">
			{page.conversations.map((conversation) => (
				<li key={conversation.id}>
					<Row conversation={conversation} now={now} />
				</li>
			))}
		</SteadyList>
	);
}

interface RowProps {
	readonly conversation: Conversation;
	readonly now: number;
}

function Row({ conversation, now }: RowProps) {
	const { id, sessionId, updatedAt, lastMessage } = conversation;
	const row = rowId(id);
	// A response may be newer than the last tick of `now`.
	const isLive = now - updatedAt < LIVE_MS;
	return (
		<a
			class="row"
			id={row}
			href={conversationPath(id)}
			aria-labelledby={`${row}-name ${row}-time`}
			aria-describedby={`${row}-text`}
		>
			<Avatar name={sessionId} />
			<span class="row-name" id={`${row}-name`}>
				{sessionId}
			</span>
			<span class={isLive ? "row-time row-live" : "row-time"}>
				<TimeStamp id={`${row}-time`} at={updatedAt} text={words.relative(updatedAt, now)} />
			</span>
			<span class="row-text" id={`${row}-text`}>
				{lastMessage || "No message yet"}
			</span>
		</a>
	);
}
