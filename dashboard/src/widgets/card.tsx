// A widget in the list: how it looks, and how it is doing now.

import type { Widget } from "../../../workerd/api/openapi/openapi";
import { presenceOf } from "../api/widget-presence";
import { useNow } from "../hooks/use-now";
import { widgetPath } from "../paths";
import { formatNumber } from "../text/texts";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Icon } from "../ui/icon";
import { TimeStamp } from "../ui/time-stamp";
import { lookOf } from "./colors";
import { t } from "./texts";

interface WidgetCardProps {
	readonly widget: Widget;
	/** The name of the agent that answers; "": not known. */
	readonly agent: string;
	/** How many of its conversations are not resolved. */
	readonly open: number;
}

export function WidgetCard({ widget, agent, open }: WidgetCardProps) {
	const now = useNow();
	const presence = presenceOf(widget);
	const look = lookOf(widget.primary_color, widget.text_color);
	const { allowed_origins: origins, daily_message_cap: cap } = widget;
	const today = presence && formatNumber(presence.messagesToday);
	return (
		<li class="widget-card">
			<span
				class="widget-dot"
				aria-hidden="true"
				style={look ? { background: look.ground, color: look.text } : {}}
			>
				<Icon name="widgets" />
			</span>
			<div class="widget-card-body">
				<div class="widget-card-head">
					<h2>
						<a class="widget-link" href={widgetPath(widget.id)}>
							{widget.name ?? t("nameDefault")}
						</a>
					</h2>
					<Badge tone={widget.enabled ? "good" : "warn"}>
						{widget.enabled ? t("isEnabled") : t("isDisabled")}
					</Badge>
				</div>
				<p class="widget-sites">{origins?.length ? origins.join(", ") : t("everySite")}</p>
				<dl class="facts">
					{agent && (
						<div>
							<dt>{t("agent")}</dt>
							<dd>{agent}</dd>
						</div>
					)}
					<div>
						<dt>{t("openConversations")}</dt>
						<dd class="numeric">{formatNumber(open)}</dd>
					</div>
					{(today !== null || cap !== null) && (
						<div>
							<dt>{today === null ? t("cap") : t("messagesToday")}</dt>
							<dd class="numeric">
								{[today, cap !== null && formatNumber(cap)]
									.filter((one) => one !== null && one !== false)
									.join(" / ")}
							</dd>
						</div>
					)}
					{presence && (
						<div>
							<dt>{t("lastSeen")}</dt>
							<dd>
								{presence.lastSeen === null ? (
									t("never")
								) : (
									<TimeStamp at={presence.lastSeen} text={words.relative(presence.lastSeen, now)} />
								)}
							</dd>
						</div>
					)}
				</dl>
			</div>
		</li>
	);
}
