// The tag to paste, and whether a site has it.

import { useState } from "preact/hooks";
import type { Widget } from "../../../workerd/api/openapi/openapi";
import { presenceOf } from "../api/widget-presence";
import { useNow } from "../hooks/use-now";
import { keyTag, widgetTag } from "../text/script-tag";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Card } from "../ui/card";
import { CopyButton } from "../ui/copy-button";
import { Segments } from "../ui/field";
import { TimeStamp } from "../ui/time-stamp";
import { t } from "./texts";

export function Embed({ widget }: { readonly widget: Widget }) {
	const [kind, setKind] = useState<"widget" | "key">("widget");
	const { origin } = location;
	const tag =
		kind === "widget" ? widgetTag(origin, widget.widget_id) : keyTag(origin, t("keyPlace"));
	return (
		<Card title={t("embed")} hint={t("embedHint")} actions={<SeenBadge widget={widget} />}>
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
			<SeenList widget={widget} />
		</Card>
	);
}

function SeenBadge({ widget }: { readonly widget: Widget }) {
	const presence = presenceOf(widget);
	if (!presence) return null;
	return presence.lastSeen === null ? (
		<Badge>{t("notSeen")}</Badge>
	) : (
		<Badge tone="good">{t("seen")}</Badge>
	);
}

function SeenList({ widget }: { readonly widget: Widget }) {
	const now = useNow();
	const presence = presenceOf(widget);
	if (!presence) return null;
	const { lastSeen, origins } = presence;
	return (
		<div class="seen" role="status">
			{lastSeen === null ? (
				<p class="quiet">{t("notSeenText")}</p>
			) : (
				<p>
					{t("lastSeen")} <TimeStamp at={lastSeen} text={words.relative(lastSeen, now)} />
				</p>
			)}
			{origins.length > 0 && (
				<ul class="seen-origins">
					{origins.map(({ origin, at }) => (
						<li key={origin}>
							<span class="seen-origin">{origin}</span>
							<span class="quiet">
								<TimeStamp at={at} text={words.relative(at, now)} />
							</span>
						</li>
					))}
				</ul>
			)}
		</div>
	);
}
