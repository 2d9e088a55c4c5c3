// The messages, under a heading for each day.

import { byDay } from "../days";
import { useNow } from "../hooks/use-now";
import type { Message } from "../model";
import { replyMark } from "../reply-mark";
import { TimeStamp, words } from "./time-stamp";

export function MessageList({ messages }: { readonly messages: readonly Message[] }) {
	const now = useNow();
	if (messages.length === 0) return <p class="blank">Nothing was written here yet.</p>;
	return (
		// role=log: screen readers announce only additions.
		<div class="thread" role="log" aria-label="Messages" aria-relevant="additions">
			{byDay(messages).map((day) => (
				<section class="day" key={day.at}>
					<h2 class="day-name">{words.day(day.at, now)}</h2>
					<ol class="day-messages">
						{day.messages.map((message) => (
							<Bubble message={message} key={message.id} />
						))}
					</ol>
				</section>
			))}
		</div>
	);
}

function Bubble({ message }: { readonly message: Message }) {
	const mark = replyMark(message.status);
	return (
		<li class={message.fromVisitor ? "message message-visitor" : "message"}>
			<p class="message-head">
				<span class="message-who">{message.fromVisitor ? "Visitor" : "Assistant"}</span>{" "}
				<TimeStamp at={message.createdAt} text={words.clock(message.createdAt)} />
			</p>
			{message.content !== "" && <div class="bubble">{message.content}</div>}
			{mark && <p class={`mark mark-${mark.tone}`}>{mark.text}</p>}
		</li>
	);
}
