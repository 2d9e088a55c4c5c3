// Tags. A stand-in until the part with them is there.

import { Blank } from "../ui/blank";
import { t } from "./texts";

export function TagsSection() {
	return <Blank title={t("tags")} icon="tag" />;
}
