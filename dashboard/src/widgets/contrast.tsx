// How well the text on the accent colour can be read, and what the widget shows instead if it cannot.

import { CALM_MS, useLater } from "../hooks/use-later";
import { locale } from "../text/language";
import { Badge } from "../ui/badge";
import { Icon } from "../ui/icon";
import { lookOf, READABLE } from "../ui/site-colors";
import { t } from "./texts";

interface ContrastProps {
	readonly primary: string;
	readonly text: string;
}

const twoDigits = new Intl.NumberFormat(locale, {
	minimumFractionDigits: 2,
	maximumFractionDigits: 2,
});

export function Contrast({ primary, text }: ContrastProps) {
	const look = lookOf(primary, text);
	const ratio = look ? t("contrast", { ratio: twoDigits.format(look.ratio) }) : "";
	// Dragging changes the colour at each step.
	const spoken = useLater(ratio, CALM_MS);
	if (!look) return null;
	const isGood = look.ratio >= READABLE;
	return (
		<div class="contrast">
			<span class="contrast-sample" style={{ background: look.ground, color: look.text }}>
				{t("sample")}
			</span>
			<div>
				<Badge tone={isGood ? "good" : "warn"}>
					<Icon name={isGood ? "check" : "warning"} />
					{ratio}
				</Badge>
				<p class="field-hint">
					{look.isCorrected
						? t("contrastCorrected", { ground: look.ground, text: look.text })
						: t("contrastKept")}
				</p>
				<p class="unseen" aria-live="polite">
					{spoken}
				</p>
			</div>
		</div>
	);
}
