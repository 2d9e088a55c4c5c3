// The conversations, and the one that is open.

import { useData } from "../api/desk";
import { conversationPath } from "../paths";
import { t as common } from "../text/common";
import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { t } from "./texts";

export function InboxPage() {
	const { data, error, refresh } = useData("inbox", (api) => ({
		load: (signal) => api.read("/v1/admin/conversations", { query: { limit: 100 }, signal }),
		kinds: ["conversation", "message", "reply"],
	}));
	return (
		<Page title={common("inbox")}>
			{data ? (
				<ul>
					{data.conversations.map((one) => (
						<li key={one._id}>
							<a href={conversationPath(one._id)}>{one.lastMessage}</a>
						</li>
					))}
					{data.conversations.length === 0 && <Blank icon="inbox" title={t("empty")} />}
				</ul>
			) : error ? (
				<TroubleScreen error={error} retry={refresh} />
			) : (
				<Skeleton rows={6} />
			)}
		</Page>
	);
}
