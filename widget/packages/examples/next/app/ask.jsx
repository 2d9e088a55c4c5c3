"use client";

import { useBanter, useMessages, useOpen, useUnread } from "@banter/react";

export function Ask({ question }) {
	const banter = useBanter();
	const [isOpen] = useOpen();
	const unread = useUnread();
	const messages = useMessages();
	return (
		<section>
			<button type="button" onClick={() => banter.send(question)}>
				{question}
			</button>
			<output>
				{isOpen ? "open" : "closed"}, {unread} unread, {messages.length} messages
			</output>
		</section>
	);
}
