// What the server tells the owner of a webhook, in the language of the page.

import type { Webhook } from "../../../../workerd/api/openapi/openapi";
import { t } from "../texts";

/** Empty: nothing. A text that an older server has stored has no code. */
export function noticeOf({ notice, notice_code }: Webhook): string {
	return notice_code ? t(`notice_${notice_code}`) : (notice ?? "");
}
