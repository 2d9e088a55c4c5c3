// Shows a failed request: in place of missing data, or as a line above data loaded earlier.

import { useState } from "preact/hooks";
import type { ApiError } from "../api/errors";
import { t } from "../text/common";
import { describe } from "../text/describe";
import { Button } from "./button";
import { Icon } from "./icon";

interface TroubleProps {
	readonly error: ApiError;
	readonly retry: () => Promise<unknown>;
}

export function TroubleScreen({ error, retry }: TroubleProps) {
	return (
		<div class="blank" role="alert">
			<span class="blank-icon blank-warn">
				<Icon name="warning" />
			</span>
			<p class="blank-title">{describe(error)}</p>
			{!error.isFinal && <p>{t("retriesItself")}</p>}
			<RetryButton retry={retry} label={t("tryAgainNow")} />
		</div>
	);
}

export function TroubleLine({ error, retry }: TroubleProps) {
	return (
		<div class="trouble">
			<p role="status">
				{describe(error)} {t("showsOld")}
			</p>
			<RetryButton retry={retry} label={t("tryAgain")} />
		</div>
	);
}

interface RetryButtonProps {
	readonly retry: () => Promise<unknown>;
	readonly label: string;
}

export function RetryButton({ retry, label }: RetryButtonProps) {
	const [isBusy, setBusy] = useState(false);
	async function run() {
		setBusy(true);
		await retry();
		setBusy(false);
	}
	return (
		<Button isBusy={isBusy} icon="refresh" onClick={run}>
			{label}
		</Button>
	);
}
