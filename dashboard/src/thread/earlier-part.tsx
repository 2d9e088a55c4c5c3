// The other conversations of the same contact.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import { useData } from "../api/desk";
import { useNow } from "../hooks/use-now";
import { conversationPath } from "../paths";
import { words } from "../text/words";
import { TimeStamp } from "../ui/time-stamp";
import { TroubleLine } from "../ui/trouble";
import { Part } from "./part";
import { t } from "./texts";

const SHOWN = 20;

export function EarlierPart({ conversation }: { readonly conversation: Conversation }) {
	const { contactId, _id } = conversation;
	return contactId ? <Earlier contactId={contactId} id={_id} key={contactId} /> : null;
}

function Earlier({ contactId, id }: { readonly contactId: string; readonly id: string }) {
	const now = useNow();
	const { data, error, refresh } = useData(`earlier:${contactId}`, (api) => ({
		load: (signal) =>
			api.read("/v1/admin/conversations", { query: { contactId, limit: SHOWN + 1 }, signal }),
		kinds: ["conversation"],
	}));
	const others = data?.conversations.filter((one) => one._id !== id).slice(0, SHOWN) ?? [];
	if (data && others.length === 0) return null;
	return (
		<Part title={t("earlier")}>
			{error && <TroubleLine error={error} retry={refresh} />}
			<ul class="earlier">
				{others.map((one) => (
					<li key={one._id}>
						<a href={conversationPath(one._id)}>
							<span class="earlier-text" dir="auto">
								{one.lastMessage || t("emptyConversation")}
							</span>
							<TimeStamp at={one.updatedAt} text={words.brief(one.updatedAt, now)} />
						</a>
					</li>
				))}
			</ul>
		</Part>
	);
}
