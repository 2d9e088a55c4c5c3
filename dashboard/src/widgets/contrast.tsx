// How well the text on the accent colour can be read, and what the widget shows instead if it cannot.

import { locale } from "../text/language";
import { Badge } from "../ui/badge";
import { Icon } from "../ui/icon";
import { lookOf, READABLE } from "../ui/site-colors";
import { t } from "./texts";

interface ContrastProps {
	readonly primary: string;
	readonly text: string;
}

export function Contrast({ primary, text }: ContrastProps) {
	const look = lookOf(primary, text);
	if (!look) return null;
	const ratio = look.ratio.toLocaleString(locale, {
		minimumFractionDigits: 2,
		maximumFractionDigits: 2,
	});
	const isGood = look.ratio >= READABLE;
	return (
		<div class="contrast" aria-live="polite">
			<span class="contrast-sample" style={{ background: look.ground, color: look.text }}>
				{t("sample")}
			</span>
			<div>
				<Badge tone={isGood ? "good" : "warn"}>
					<Icon name={isGood ? "check" : "warning"} />
					{t("contrast", { ratio })}
				</Badge>
				<p class="field-hint">
					{look.isCorrected
						? t("contrastCorrected", { ground: look.ground, text: look.text })
						: t("contrastKept")}
				</p>
			</div>
		</div>
	);
}
