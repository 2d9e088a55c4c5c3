// Selects the contact that another one takes in, also by the arrow keys and Enter.

import { useState } from "preact/hooks";
import type { Contact } from "../../../workerd/api/openapi/openapi";
import { useLater } from "../hooks/use-later";
import { Chooser } from "../ui/chooser";
import { TroubleScreen } from "../ui/trouble";
import { ContactAvatar } from "../ui/visitor-avatar";
import { useContacts } from "./data";
import { nameOf, reachedAt } from "./names";
import { t } from "./texts";

interface MergePickerProps {
	readonly contact: Contact;
	readonly onPick: (other: Contact) => void;
}

export function MergePicker({ contact, onPick }: MergePickerProps) {
	const [text, setText] = useState("");
	const search = useLater(text.trim());
	const { items, error, refresh } = useContacts(search);
	if (!items && error) return <TroubleScreen error={error} retry={refresh} />;
	const others = items?.filter((one) => one.id !== contact.id) ?? [];
	return (
		<div class="merge-picker">
			<p class="quiet">{t("mergeHint")}</p>
			<Chooser
				label={t("mergeSearch")}
				listLabel={t("mergeResults")}
				letters={text}
				onLetters={setText}
				choices={others}
				keyOf={({ id }) => id}
				onPick={onPick}
				none={!items ? "" : search === "" ? t("mergeNobody") : t("none", { search })}
			>
				{(one) => (
					<span class="merge-result">
						<ContactAvatar contact={one} size="small" />
						<span class="merge-name">{nameOf(one) ?? t("nameless")}</span>
						<span class="quiet">{reachedAt(one).join(" · ")}</span>
					</span>
				)}
			</Chooser>
		</div>
	);
}
