// The tag to paste, and whether a site has it.

import { useState } from "preact/hooks";
import type { Widget, WidgetStatus } from "../../../workerd/api/openapi/openapi";
import { useNow } from "../hooks/use-now";
import { keyTag, widgetTag } from "../text/script-tag";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Card } from "../ui/card";
import { CopyButton } from "../ui/copy-button";
import { Segments } from "../ui/field";
import { TimeStamp } from "../ui/time-stamp";
import { t } from "./texts";

interface EmbedProps {
	readonly widget: Widget;
	/** null: not known yet. */
	readonly status: WidgetStatus | null;
}

export function Embed({ widget, status }: EmbedProps) {
	const [kind, setKind] = useState<"widget" | "key">("widget");
	const { origin } = location;
	const tag =
		kind === "widget" ? widgetTag(origin, widget.widget_id) : keyTag(origin, t("keyPlace"));
	return (
		<Card
			title={t("embed")}
			hint={t("embedHint")}
			actions={status && <SeenBadge status={status} />}
		>
			<Segments
				label={t("embedKind")}
				value={kind}
				onValue={setKind}
				choices={[
					{ value: "widget", text: t("tagWidget") },
					{ value: "key", text: t("tagKey") },
				]}
			/>
			<div class="code-box">
				<pre class="code">
					<code>{tag}</code>
				</pre>
				<CopyButton text={tag} label={t("copyTag")} />
			</div>
			{kind === "key" && <p class="field-hint">{t("tagKeyHint")}</p>}
			{status && <SeenList status={status} />}
		</Card>
	);
}

interface SeenProps {
	readonly status: WidgetStatus;
}

function SeenBadge({ status }: SeenProps) {
	return status.lastSeenAt === null ? (
		<Badge>{t("notSeen")}</Badge>
	) : (
		<Badge tone="good">{t("seen")}</Badge>
	);
}

function SeenList({ status: { lastSeenAt, origins } }: SeenProps) {
	const now = useNow();
	return (
		<div class="seen">
			<p class="quiet" role="status">
				{lastSeenAt === null ? t("notSeenText") : t("seenOn")}
			</p>
			{origins.length > 0 && (
				<ul class="seen-origins">
					{origins.map((one) => (
						<li key={one.origin}>
							<span class="seen-origin">{one.origin}</span>
							<span class="quiet">
								<TimeStamp at={one.lastSeenAt} text={words.relative(one.lastSeenAt, now)} />
							</span>
						</li>
					))}
				</ul>
			)}
		</div>
	);
}
