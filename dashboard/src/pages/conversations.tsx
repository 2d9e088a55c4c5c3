// The newest conversations, updated while the page is visible.

import { useLayoutEffect } from "preact/hooks";
import { followChanges } from "../changes";
import { Avatar } from "../components/avatar";
import { EmbedHelp } from "../components/embed-help";
import { OlderRows } from "../components/older-rows";
import { Skeleton } from "../components/skeleton";
import { SteadyList } from "../components/steady-list";
import { TimeStamp, words } from "../components/time-stamp";
import { TroubleLine, TroubleScreen } from "../components/trouble";
import { useDesk } from "../desk";
import { ApiError } from "../errors";
import { browser } from "../hooks/browser";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { useNow } from "../hooks/use-now";
import { usePoll } from "../hooks/use-poll";
import type { Conversation, ConversationPage as Page } from "../model";
import { conversationPath } from "../paths";

/** Without the server's reports of changes. */
const REFRESH_MS = 5_000;
/** Activity within this time counts as live. */
const LIVE_MS = 60_000;

export function ConversationsPage() {
	const { state, api, dispatch, listScroll } = useDesk();
	const { data, error } = state.list;
	const retry = usePoll("list", {
		every: REFRESH_MS,
		load: (signal) => api.conversations(null, signal),
		follow: (changed) => followChanges(["conversation", "message", "reply"], changed, browser),
		onData: (page) => dispatch({ type: "list_loaded", page }),
		onError: (reason) => dispatch({ type: "list_failed", error: reason }),
	});

	async function loadOlder(cursor: string, signal: AbortSignal) {
		try {
			dispatch({ type: "older_loaded", cursor, page: await api.conversations(cursor, signal) });
		} catch (reason) {
			if (signal.aborted) return;
			const error =
				reason instanceof ApiError ? reason : new ApiError("garbled", 0, String(reason));
			dispatch({ type: "older_failed", error });
		}
	}

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
				<>
					<ConversationList page={data} />
					{data.conversations.length > 0 && (
						<OlderRows
							cursor={data.nextCursor}
							error={state.older}
							load={loadOlder}
							retry={() => dispatch({ type: "older_failed", error: null })}
						/>
					)}
				</>
			) : error ? (
				<TroubleScreen error={error} retry={retry} />
			) : (
				<Skeleton kind="list" rows={6} label="Loading the conversations…" />
			)}
		</main>
	);
}

function countText({ total }: Page): string {
	return `${total.toLocaleString("en")} in total`;
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
	// A response may be newer than the last tick of `now`.
	const isLive = now - updatedAt < LIVE_MS;
	// The spaces are for the link's accessible name.
	return (
		<a class="row" id={rowId(id)} href={conversationPath(id)}>
			<Avatar name={sessionId} />
			<span class="row-name">{sessionId}</span>{" "}
			<span class={isLive ? "row-time row-live" : "row-time"}>
				<TimeStamp at={updatedAt} text={words.relative(updatedAt, now)} />
			</span>{" "}
			<span class="row-text">{lastMessage || "No message yet"}</span>
		</a>
	);
}
