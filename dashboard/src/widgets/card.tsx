// A widget in the list: how it looks, and how it is doing now.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Widget } from "../../../workerd/api/openapi/openapi";
import { useNow } from "../hooks/use-now";
import { useWidgetStatus } from "../hooks/use-widget-status";
import { widgetPath } from "../paths";
import { formatNumber } from "../text/texts";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Icon } from "../ui/icon";
import { lookOf } from "../ui/site-colors";
import { TimeStamp } from "../ui/time-stamp";
import { t } from "./texts";

interface WidgetCardProps {
	readonly widget: Widget;
	/** The name of the agent that answers; "": not known. */
	readonly agent: string;
	/** How many of its conversations are not resolved. */
	readonly open: number;
}

const STATUS_MS = 30_000;

export function WidgetCard({ widget, agent, open }: WidgetCardProps) {
	const card = useRef<HTMLLIElement>(null);
	const [isSeen, setSeen] = useState(false);
	// Each status is a request: those far below wait until the reader comes.
	useEffect(() => {
		if (!card.current) return;
		const watch = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting === true));
		watch.observe(card.current);
		return () => watch.disconnect();
	}, []);
	const look = lookOf(widget.primary_color, widget.text_color);
	const { allowed_origins: origins } = widget;
	return (
		<li class="widget-card" ref={card}>
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
					<div>
						<dt>{t("agent")}</dt>
						<dd>{agent || "–"}</dd>
					</div>
					<div>
						<dt>{t("openConversations")}</dt>
						<dd class="numeric">{formatNumber(open)}</dd>
					</div>
					<LiveFacts widget={widget} isSeen={isSeen} />
				</dl>
			</div>
		</li>
	);
}

function LiveFacts({ widget, isSeen }: { readonly widget: Widget; readonly isSeen: boolean }) {
	const now = useNow();
	const status = useWidgetStatus(isSeen ? widget.id : null, STATUS_MS);
	const cap = widget.daily_message_cap;
	const today = status ? formatNumber(status.messagesToday) : "–";
	const seen = status?.lastSeenAt;
	return (
		<>
			<div>
				<dt>{t("messagesToday")}</dt>
				<dd class="numeric">{cap === null ? today : `${today} / ${formatNumber(cap)}`}</dd>
			</div>
			<div>
				<dt>{t("lastSeen")}</dt>
				<dd>
					{seen ? (
						<TimeStamp at={seen} text={words.relative(seen, now)} />
					) : status ? (
						t("never")
					) : (
						"–"
					)}
				</dd>
			</div>
		</>
	);
}
