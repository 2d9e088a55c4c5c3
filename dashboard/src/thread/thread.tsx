// A conversation: its messages.

import { useData } from "../api/desk";
import { HOME } from "../paths";
import { NotFound } from "../shell/not-found";
import { t as common } from "../text/common";
import { Skeleton } from "../ui/skeleton";
import { visitorName } from "../ui/visitor-name";
import { t } from "./texts";

interface ThreadProps {
	readonly id: string;
	/** The message to show first. */
	readonly message?: string;
}

export function Thread({ id, message }: ThreadProps) {
	const { data, error } = useData(`thread ${id}`, (api) => ({
		load: (signal) =>
			api.read("/v1/admin/conversations/{conversationId}", {
				path: { conversationId: id },
				query: { latest: "true", limit: 50 },
				signal,
			}),
		kinds: ["conversation", "message", "reply"],
		isAffected: (change) => (change.conversationId ?? change.id) === id,
	}));
	if (error?.status === 404)
		return <NotFound title={common("pageNotFound")} text={common("pageNotFoundText")} />;
	if (!data) return <Skeleton rows={4} kind="thread" />;
	return (
		<div class="thread">
			<div class="thread-head">
				<a href={HOME}>{common("back")}</a>
				<h2>{visitorName(data.conversation)}</h2>
			</div>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
			<div class="thread-messages" role="log" aria-label={t("messages")} tabIndex={0}>
				{data.messages.map((one) => (
					<p key={one._id} data-marked={one._id === message || undefined}>
						{one.content}
					</p>
				))}
			</div>
		</div>
	);
}
