// The tags of a conversation: remove one, add one that exists, or create one by its name.

import { useRef, useState } from "preact/hooks";
import type { Conversation, Tag } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useTags } from "../shell/sayings";
import { toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import { Button } from "../ui/button";
import { Chooser } from "../ui/chooser";
import { Icon } from "../ui/icon";
import { TAG_COLORS } from "../ui/tag-colors";
import { Part } from "./part";
import { t } from "./texts";
import type { Actions } from "./use-actions";

/** A new tag gets the next one. */
const COLORS = Object.values(TAG_COLORS);
const NAME_MAX = 50;

interface TagsPartProps {
	readonly conversation: Conversation;
	readonly actions: Actions;
}

function Dot({ color }: { readonly color: string }) {
	return <i class="tag-dot" style={{ backgroundColor: color }} aria-hidden="true" />;
}

export function TagsPart({ conversation, actions }: TagsPartProps) {
	const { api } = useDesk();
	const { data, set } = useTags();
	const [isAdding, setAdding] = useState(false);
	const adder = useRef<HTMLLIElement>(null);
	const all = data ?? [];
	const ids = conversation.tags;
	const mine = all.filter((tag) => ids.includes(tag.id));

	const add = (tag: Tag) => actions.change({ addTags: [tag.id] });

	async function create(name: string) {
		try {
			const color = COLORS[all.length % COLORS.length] ?? TAG_COLORS.grey;
			const tag = await api.post("/v1/admin/tags", { body: { name, color } });
			if (data) set([...all, tag]);
			await add(tag);
		} catch (reason) {
			toastError(reason);
		}
	}

	return (
		<Part title={t("tags")}>
			<ul class="tags">
				{mine.map((tag) => (
					<li class="tag" key={tag.id}>
						<Dot color={tag.color} />
						<span dir="auto">{tag.name}</span>
						<button
							class="tag-remove"
							type="button"
							aria-label={t("tagRemove", { name: tag.name })}
							title={t("tagRemove", { name: tag.name })}
							onClick={() => actions.change({ removeTags: [tag.id] })}
						>
							<Icon name="close" />
						</button>
					</li>
				))}
				<li ref={adder}>
					<Button
						isSmall
						kind="quiet"
						icon="plus"
						aria-expanded={isAdding}
						onClick={() => setAdding(!isAdding)}
					>
						{t("tagAdd")}
					</Button>
				</li>
			</ul>
			{isAdding && (
				<TagPicker
					tags={all.filter((tag) => !ids.includes(tag.id))}
					isKnown={(name) => all.some((tag) => tag.name.toLowerCase() === name.toLowerCase())}
					onPick={add}
					onCreate={create}
					onClose={() => {
						setAdding(false);
						adder.current?.querySelector("button")?.focus();
					}}
				/>
			)}
		</Part>
	);
}

interface TagPickerProps {
	readonly tags: readonly Tag[];
	readonly isKnown: (name: string) => boolean;
	readonly onPick: (tag: Tag) => void;
	readonly onCreate: (name: string) => void;
	readonly onClose: () => void;
}

/** null: a new tag with the name that was typed. */
type Choice = Tag | null;

function TagPicker({ tags, isKnown, onPick, onCreate, onClose }: TagPickerProps) {
	const [letters, setLetters] = useState("");
	const name = letters.trim();
	const found = tags.filter((tag) => tag.name.toLowerCase().includes(name.toLowerCase()));
	const canCreate = name !== "" && !isKnown(name);

	function pick(tag: Choice) {
		if (tag) onPick(tag);
		else onCreate(name);
		setLetters("");
	}

	return (
		<div class="tag-picker">
			<Chooser<Choice>
				label={t("tagSearch")}
				listLabel={t("tags")}
				letters={letters}
				onLetters={setLetters}
				choices={canCreate ? [...found, null] : found}
				keyOf={(tag) => tag?.id ?? "new"}
				onPick={pick}
				none={t("tagNone")}
				onEscape={onClose}
				maxLength={NAME_MAX}
			>
				{(tag) => (
					<>
						{tag ? <Dot color={tag.color} /> : <Icon name="plus" />}
						<span class="choice-text" dir="auto">
							{tag ? tag.name : t("tagCreate", { name })}
						</span>
					</>
				)}
			</Chooser>
			<Button isSmall onClick={onClose}>
				{common("close")}
			</Button>
		</div>
	);
}
