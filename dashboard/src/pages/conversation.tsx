// One conversation, oldest message first, updated while it continues.

import { useLayoutEffect } from "preact/hooks";
import { useRoute } from "preact-iso";
import { Avatar } from "../components/avatar";
import { MessageList } from "../components/message-list";
import { Skeleton } from "../components/skeleton";
import { TimeStamp, words } from "../components/time-stamp";
import { TroubleLine, TroubleScreen } from "../components/trouble";
import { useDesk } from "../desk";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { useFollow } from "../hooks/use-follow";
import { useNow } from "../hooks/use-now";
import { usePoll } from "../hooks/use-poll";
import type { Thread } from "../model";
import { HOME } from "../paths";
import { NotFound } from "./not-found";

const REFRESH_MS = 3_000;

export function ConversationPage() {
	const { id = "" } = useRoute().params;
	return <OneConversation id={id} key={id} />;
}

function OneConversation({ id }: { readonly id: string }) {
	const { state, api, dispatch } = useDesk();
	// Until `thread_opened` has been applied, the state holds the previous conversation.
	const { data, error } = id === state.threadId ? state.thread : { data: null, error: null };
	useLayoutEffect(() => dispatch({ type: "thread_opened", id }), [id]);
	const retry = usePoll(id, {
		every: REFRESH_MS,
		load: (signal) => api.conversation(id, signal),
		onData: (thread) => dispatch({ type: "thread_loaded", id, thread }),
		onError: (reason) => dispatch({ type: "thread_failed", id, error: reason }),
	});
	const follow = useFollow(data ? stampOf(data) : "");

	const isMissing = error?.isFinal ?? false;
	useTitle(isMissing ? "Not found" : (data?.conversation.sessionId ?? "Conversation"));
	useArrival(focusHeading);

	if (isMissing) {
		return (
			<main class="page" id="main" tabIndex={-1}>
				<NotFound
					title="Conversation not found"
					text="It may have been deleted, or the address is incomplete."
				/>
			</main>
		);
	}
	return (
		<main class="page" id="main" tabIndex={-1}>
			<ThreadHead thread={data} />
			{data && error && <TroubleLine error={error} retry={retry} />}
			{data ? (
				<MessageList messages={data.messages} />
			) : error ? (
				<TroubleScreen error={error} retry={retry} />
			) : (
				<Skeleton kind="thread" rows={4} label="Loading the conversation…" />
			)}
			{follow.isBehind && (
				<button class="button newer" type="button" onClick={follow.catchUp}>
					New messages <span aria-hidden="true">↓</span>
				</button>
			)}
		</main>
	);
}

/** Changes whenever a message is added or the last one grows. */
function stampOf({ messages }: Thread): string {
	return `${messages.length}:${messages[messages.length - 1]?.content.length ?? 0}`;
}

function ThreadHead({ thread }: { readonly thread: Thread | null }) {
	const now = useNow();
	return (
		<div class="thread-head">
			<a class="back" href={HOME}>
				<svg viewBox="0 0 16 16" aria-hidden="true">
					<path d="M10 3 5 8l5 5" />
				</svg>
				<span>All conversations</span>
			</a>
			<div class="thread-who">
				{thread && <Avatar name={thread.conversation.sessionId} />}
				<h1 class="thread-name" tabIndex={-1}>
					<span class="unseen">Conversation with visitor </span>
					{thread?.conversation.sessionId}
				</h1>
				{thread && (
					<p class="thread-facts">
						{countText(thread.messages.length)}
						<span aria-hidden="true"> · </span>
						<span class="thread-since">
							started{" "}
							<TimeStamp
								at={thread.conversation.createdAt}
								text={words.relative(thread.conversation.createdAt, now)}
							/>
						</span>
					</p>
				)}
			</div>
		</div>
	);
}

function countText(count: number): string {
	return count === 1 ? "1 message" : `${count} messages`;
}
