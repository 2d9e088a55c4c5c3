// The conversations of a contact.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import { useNow } from "../hooks/use-now";
import { conversationPath } from "../paths";
import { words } from "../text/words";
import { Badge, type Tone } from "../ui/badge";
import { Card } from "../ui/card";
import { EndOfList } from "../ui/end-of-list";
import { Skeleton } from "../ui/skeleton";
import { TimeStamp } from "../ui/time-stamp";
import { TroubleScreen } from "../ui/trouble";
import { useConversations } from "./data";
import { t } from "./texts";

export function Conversations({ contactId }: { readonly contactId: string }) {
	const { items, error, refresh, end } = useConversations(contactId);
	const now = useNow();
	return (
		<Card title={t("conversations")}>
			{!items && (error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={2} />)}
			{items?.length === 0 && <p class="quiet">{t("noConversations")}</p>}
			{items && items.length > 0 && (
				<div class="contact-conversations">
					<ul>
						{items.map((one) => (
							<Row key={one._id} conversation={one} now={now} />
						))}
					</ul>
					{(end.cursor !== null || items.length > 20) && (
						<EndOfList {...end} end={t("endConversations")} />
					)}
				</div>
			)}
		</Card>
	);
}

const TONES: Readonly<Record<Conversation["state"], Tone>> = {
	open: "calm",
	waiting: "warn",
	person: "accent",
	resolved: "good",
};

interface RowProps {
	readonly conversation: Conversation;
	readonly now: number;
}

function Row({ conversation, now }: RowProps) {
	const { _id: id, lastMessage, state, updatedAt } = conversation;
	return (
		<li>
			<a class="contact-conversation" href={conversationPath(id)}>
				<span class="contact-last">{firstLine(lastMessage)}</span>
				<Badge tone={TONES[state]}>{t(state)}</Badge>
				<TimeStamp at={updatedAt} text={words.relative(updatedAt, now)} />
			</a>
		</li>
	);
}

function firstLine(text: string): string {
	return text.trim().split("\n")[0] || t("noText");
}
