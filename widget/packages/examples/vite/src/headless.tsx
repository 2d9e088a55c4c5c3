// A chat of the page's own, without the widget.

import { BanterError, createClient, type HistoryMessage } from "@banter/client";
import { type FormEvent, useEffect, useState } from "react";

/** Kept for the tab: the conversation goes on after a reload. */
function sessionOfTab(): string | undefined {
	return sessionStorage.getItem("banter-session") ?? undefined;
}

export function Headless() {
	const [client] = useState(() => {
		const sessionId = sessionOfTab();
		return createClient({
			server: import.meta.env.VITE_BANTER_SERVER,
			apiKey: import.meta.env.VITE_BANTER_KEY,
			...(sessionId && { sessionId }),
		});
	});
	const [messages, setMessages] = useState<readonly HistoryMessage[]>([]);
	const [reply, setReply] = useState("");
	const [problem, setProblem] = useState("");

	useEffect(() => {
		sessionStorage.setItem("banter-session", client.sessionId);
		const abort = new AbortController();
		client.history({ signal: abort.signal }).then(
			(history) => setMessages(history.messages),
			() => {},
		);
		return () => abort.abort();
	}, [client]);

	async function ask(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		const form = event.currentTarget;
		const text = String(new FormData(form).get("text"));
		form.reset();
		setProblem("");
		try {
			for await (const { text: soFar } of client.stream(text)) setReply(soFar);
			setMessages((await client.history()).messages);
		} catch (error) {
			setProblem(error instanceof BanterError ? error.message : "No connection");
		}
		setReply("");
	}

	return (
		<section>
			<ol>
				{messages.map(({ id, role, content }) => (
					<li key={`${role} ${id}`}>
						{role}: {content}
					</li>
				))}
			</ol>
			<p aria-live="polite">{reply || problem}</p>
			<form onSubmit={ask}>
				<input name="text" aria-label="Your question" required maxLength={4000} />
				<button type="submit">Send</button>
			</form>
		</section>
	);
}
