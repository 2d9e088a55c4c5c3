// The messages of the thread with all that may stand in their place: loading, failed, empty, the beginning.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Note } from "../../../workerd/api/openapi/openapi";
import type { ApiError } from "../api/errors";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { Button } from "../ui/button";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import type { Figured } from "../ui/visitor-avatar";
import type { End } from "./controller";
import type { Item } from "./item";
import { Log } from "./log";
import { type Outbox, type Outgoing, withoutArrived } from "./outbox";
import { OutgoingRows } from "./outgoing-rows";
import { Dots } from "./row";
import { t } from "./texts";
import { daysOf, entriesOf } from "./timeline";
import { TimelineView } from "./timeline-view";
import type { OpenThread } from "./use-thread";

/** A reconnection that is faster is not worth a word. */
const LATE_MS = 4_000;

interface MessagesProps {
	/** Of the conversation. */
	readonly id: string;
	readonly thread: OpenThread;
	readonly notes: readonly Note[];
	readonly visitor: Figured & { readonly name: string };
	readonly outbox: Outbox;
	readonly isMine: (item: Item) => boolean;
	/** Changes when the operator has sent something: the end comes into view. */
	readonly jumps: number;
	readonly hasNew: boolean;
	readonly onEnd: (isAtEnd: boolean) => void;
	readonly onCopyLink: (messageId: string) => void;
	readonly onMakeAnswer: (messageId: string) => Promise<void>;
	readonly onDeleteNote: (note: Note) => void;
	readonly onTakeBack: (one: Outgoing) => void;
	readonly onSendAnyway: () => void;
}

/** Whether something has lasted. */
function useLate(isSo: boolean): boolean {
	const [isLate, setLate] = useState(false);
	useEffect(() => {
		setLate(false);
		if (!isSo) return;
		const timer = setTimeout(() => setLate(true), LATE_MS);
		return () => clearTimeout(timer);
	}, [isSo]);
	return isSo && isLate;
}

export function Messages(props: MessagesProps) {
	const { thread, notes, visitor, outbox, isMine, jumps, hasNew, onEnd } = props;
	const { span, error, ends, isLive, target } = thread;
	const isLate = useLate(!isLive && span !== null);
	// A key pressed in the text field must not render hundreds of messages again.
	const timeline = useMemo(
		() =>
			span && (
				<TimelineView
					days={daysOf(entriesOf(span, notes))}
					visitor={visitor}
					target={target}
					copyLink={props.onCopyLink}
					conversation={props.id}
					reread={thread.reread}
					makeAnswer={props.onMakeAnswer}
					onDeleteNote={props.onDeleteNote}
				/>
			),
		[span, notes, visitor.id, visitor.name, visitor.person, target],
	);

	if (!span)
		return (
			<div class="thread-scroll">
				<div class="thread-box">
					{error ? (
						<TroubleScreen error={error} retry={thread.retry} />
					) : (
						<Skeleton kind="thread" rows={5} label={t("loadingThread")} />
					)}
				</div>
			</div>
		);

	const isNewest = span.next === null;
	const outgoing = isNewest ? withoutArrived(outbox.get(), span.items, isMine) : [];
	const hasMore = (end: End) => span[end] !== null && ends[end] === "idle";
	return (
		<>
			<Log
				isNewest={isNewest}
				target={target}
				jumps={jumps}
				more={{ previous: hasMore("previous"), next: hasMore("next") }}
				load={thread.load}
				toNewest={thread.toNewest}
				onEnd={onEnd}
				hasNew={hasNew || span.tail.length > 0}
			>
				<Edge
					end={ends.previous}
					hasMore={span.previous !== null}
					retry={() => thread.load("previous")}
					text={t("beginning")}
				/>
				{span.items.length === 0 && notes.length === 0 && (
					<p class="thread-none">{t("emptyConversation")}</p>
				)}
				{timeline}
				{span.next !== null && (
					<Edge end={ends.next} hasMore retry={() => thread.load("next")} text="" />
				)}
				<OutgoingRows
					outgoing={outgoing}
					onRetry={outbox.retry}
					onSendAnyway={props.onSendAnyway}
					onTakeBack={props.onTakeBack}
				/>
				{thread.isVisitorTyping && isNewest && (
					<p class="thread-typing">
						<Dots text={t("isWriting", { name: visitor.name })} />
						<span aria-hidden="true">{t("isWriting", { name: visitor.name })}</span>
					</p>
				)}
			</Log>
			<div class="thread-news">
				{thread.isTargetMissing && (
					<p class="thread-line" role="status">
						{t("targetMissing")}
					</p>
				)}
				{error && <TroubleLine error={error} retry={thread.retry} />}
				{isLate && !error && (
					<p class="thread-line thread-line-warn" role="status">
						{t("notLive")}
					</p>
				)}
			</div>
		</>
	);
}

interface EdgeProps {
	readonly end: "idle" | "loading" | ApiError;
	readonly hasMore: boolean;
	readonly retry: () => void;
	/** Said where the conversation begins. */
	readonly text: string;
}

/** An end of what is there. */
function Edge({ end, hasMore, retry, text }: EdgeProps) {
	if (!hasMore) return <p class="thread-edge">{text}</p>;
	if (end === "idle" || end === "loading")
		return <p class="thread-edge">{common("loadingMore")}</p>;
	return (
		<div class="thread-edge" role="alert">
			<p>{describe(end)}</p>
			<Button isSmall icon="refresh" onClick={retry}>
				{common("tryAgain")}
			</Button>
		</div>
	);
}
