// The widget, with the page's own buttons for it.

import { Banter, BanterChat, useBanter, useMessages, useOpen, useUnread } from "@banter/react";
import { useState } from "react";

export function Shop() {
	const [isInline, setInline] = useState(false);
	return (
		<Banter
			server={import.meta.env.VITE_BANTER_SERVER}
			widget={import.meta.env.VITE_BANTER_WIDGET}
			settings={{ theme: "light", starters: ["How much is shipping?"] }}
			context={{ page: "shop" }}
		>
			<Controls />
			<label>
				<input
					type="checkbox"
					checked={isInline}
					onChange={(event) => setInline(event.target.checked)}
				/>
				In the page
			</label>
			{isInline && <BanterChat style={{ height: 480, position: "relative" }} />}
		</Banter>
	);
}

function Controls() {
	const banter = useBanter();
	const [isOpen, setOpen] = useOpen();
	const unread = useUnread();
	const messages = useMessages();
	return (
		<section>
			<button type="button" onClick={() => setOpen(!isOpen)}>
				{isOpen ? "Close the chat" : "Ask us"}
			</button>
			<button type="button" onClick={() => banter.send("Where is my order?")}>
				Where is my order?
			</button>
			<output>{unread} unread</output>
			<ol>
				{messages.map(({ role, text }, i) => (
					<li key={`${i}`}>
						{role}: {text}
					</li>
				))}
			</ol>
		</section>
	);
}
