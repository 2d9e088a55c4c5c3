// In place of a conversation that was deleted or never existed. What was written for it is not lost.

import { HOME } from "../paths";
import { t as common } from "../text/common";
import { Blank } from "../ui/blank";
import { ButtonLink } from "../ui/button";
import { CopyButton } from "../ui/copy-button";
import { t } from "./texts";

interface GoneProps {
	/** It was there when the page was opened. */
	readonly wasThere: boolean;
	/** Drafts, and messages that were not sent. */
	readonly texts: readonly string[];
}

export function Gone({ wasThere, texts }: GoneProps) {
	return (
		<div class="thread-gone" role="alert">
			<Blank icon="trash" title={wasThere ? t("gone") : t("notFound")}>
				<p>{wasThere ? t("goneText") : t("notFoundText")}</p>
				{texts.length > 0 && (
					<div class="gone-texts">
						<p>{t("goneDraft")}</p>
						{texts.map((text) => (
							<div class="gone-text" key={text}>
								<pre dir="auto">{text}</pre>
								<CopyButton text={text} />
							</div>
						))}
					</div>
				)}
				<ButtonLink href={HOME}>{common("toInbox")}</ButtonLink>
			</Blank>
		</div>
	);
}
