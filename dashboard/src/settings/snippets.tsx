// Snippets. A stand-in until the part with them is there.

import { Blank } from "../ui/blank";
import { t } from "./texts";

export function SnippetsSection() {
	return <Blank title={t("snippets")} icon="note" />;
}
