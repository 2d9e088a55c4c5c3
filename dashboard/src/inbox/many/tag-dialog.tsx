// Selects the tag that the chosen conversations get, or lose if all of them have it.

import { useState } from "preact/hooks";
import type { Conversation, Tag } from "../../../../workerd/api/openapi/openapi";
import { useTags } from "../../shell/sayings";
import { Chooser } from "../../ui/chooser";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { t } from "./texts";

interface TagDialogProps {
	readonly rows: readonly Conversation[];
	readonly onPick: (tag: Tag, isOn: boolean) => void;
	readonly onClose: () => void;
}

export function TagDialog({ rows, onPick, onClose }: TagDialogProps) {
	const { data } = useTags();
	const [letters, setLetters] = useState("");
	const wanted = letters.trim().toLowerCase();
	const isOnAll = ({ id }: Tag) => rows.every(({ tags }) => tags.includes(id));
	return (
		<Dialog title={t("tag")} onClose={onClose}>
			<Chooser
				label={t("tagSearch")}
				listLabel={t("tag")}
				letters={letters}
				onLetters={setLetters}
				choices={(data ?? []).filter(({ name }) => name.toLowerCase().includes(wanted))}
				keyOf={({ id }) => id}
				onPick={(tag) => onPick(tag, !isOnAll(tag))}
				none={t("tagNone")}
			>
				{(tag) => (
					<>
						<span class="tag-dot" style={{ background: tag.color }} />
						<span class="choice-text" dir="auto">
							{tag.name}
						</span>
						{isOnAll(tag) && (
							<>
								<Icon name="check" />
								<span class="unseen">{t("tagOnAll")}</span>
							</>
						)}
					</>
				)}
			</Chooser>
		</Dialog>
	);
}
