// The prompt as the model gets it.

import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { CopyButton } from "../ui/copy-button";
import { Skeleton } from "../ui/skeleton";
import { RetryButton } from "../ui/trouble";
import { t } from "./texts";
import type { Prompt } from "./use-prompt";

interface PromptPanelProps {
	readonly prompt: Prompt;
	readonly isHidden: boolean;
}

export function PromptPanel({ prompt: { preview, error, retry }, isHidden }: PromptPanelProps) {
	return (
		<div class="trial" hidden={isHidden}>
			<div class="trial-head">
				<p class="field-hint">{t("promptHint")}</p>
				{preview && <CopyButton text={preview.prompt} />}
			</div>
			{preview ? (
				<PromptText text={preview.prompt} />
			) : error ? (
				<div />
			) : (
				<Skeleton rows={3} kind="form" />
			)}
			<div class="prompt-end" role="status">
				{error ? (
					<>
						<p class="field-error">{error.status === 422 ? t("failedFields") : describe(error)}</p>
						<RetryButton retry={retry} label={common("tryAgain")} />
					</>
				) : (
					preview && <p class="field-hint">{t("promptLength", { count: preview.prompt.length })}</p>
				)}
			</div>
		</div>
	);
}

function PromptText({ text }: { readonly text: string }) {
	if (text.trim() === "") return <p class="trial-hint">{t("promptEmpty")}</p>;
	return (
		<section
			class="prompt-text"
			aria-label={t("promptHint")}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard.
			tabIndex={0}
		>
			{text}
		</section>
	);
}
