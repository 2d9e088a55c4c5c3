// The conversations, and the one that is open.

import { useRoute } from "preact-iso";
import { useData } from "../api/desk";
import { page } from "../area";
import { conversationPath } from "../paths";
import { t as common } from "../text/common";
import { t as threadTexts } from "../thread/texts";
import threadStyles from "../thread/thread.css?link";
import { Blank } from "../ui/blank";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { t } from "./texts";

const Thread = page(
	{ styles: threadStyles, texts: threadTexts },
	async () => (await import("../thread/thread")).Thread,
);

export function InboxPage() {
	const { params, query } = useRoute();
	return params.id ? (
		<main class="inbox" id="main" tabIndex={-1}>
			<h1 class="unseen">{common("inbox")}</h1>
			<Thread id={params.id} {...(query.message !== undefined && { message: query.message })} />
		</main>
	) : (
		<List />
	);
}

function List() {
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
