// What a failure is called on the screen.

import type { ApiError } from "../api/errors";
import { t } from "./common";

export function describe(error: ApiError): string {
	switch (error.failure) {
		case "network":
			return t("errorNetwork");
		case "signed_out":
			return t("errorSignedOut");
		case "garbled":
			return t("errorGarbled");
		case "refused":
			if (error.status === 429) return t("errorTooMany");
			if (error.status === 412) return t("errorConflict");
			if (error.status === 403) return t("errorForbidden");
			if (error.status === 503) return t("errorNotReady", { reason: error.message });
			if (error.status >= 500) return t("errorServer", { status: error.status });
			return `${error.message.replace(/\.$/, "")}.`;
	}
}
