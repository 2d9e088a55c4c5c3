// The tags of a conversation: remove one, add one that exists, or create one by its name.

import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Conversation, Tag } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useTags } from "../shell/sayings";
import { toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import { Button } from "../ui/button";
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

function TagPicker({ tags, isKnown, onPick, onCreate, onClose }: TagPickerProps) {
	const id = useId();
	const field = useRef<HTMLInputElement>(null);
	const [letters, setLetters] = useState("");
	const [at, setAt] = useState(0);
	useEffect(() => field.current?.focus(), []);
	const name = letters.trim();
	const found = tags.filter((tag) => tag.name.toLowerCase().includes(name.toLowerCase()));
	const canCreate = name !== "" && !isKnown(name);
	const count = found.length + (canCreate ? 1 : 0);
	const chosen = Math.min(at, count - 1);

	function pick(index: number) {
		const tag = found[index];
		if (tag) onPick(tag);
		else if (canCreate) onCreate(name);
		else return;
		setLetters("");
		setAt(0);
		field.current?.focus();
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.isComposing) return;
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step !== undefined && count > 0) setAt((chosen + step + count) % count);
		else if (event.key === "Enter") pick(chosen);
		else if (event.key === "Escape") onClose();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}

	return (
		<div class="tag-picker">
			<input
				class="input"
				ref={field}
				type="text"
				role="combobox"
				aria-label={t("tagSearch")}
				aria-expanded="true"
				aria-controls={id}
				aria-activedescendant={count > 0 ? `${id}-${chosen}` : undefined}
				placeholder={t("tagSearch")}
				maxLength={NAME_MAX}
				value={letters}
				onInput={(event) => {
					setLetters(event.currentTarget.value);
					setAt(0);
				}}
				onKeyDown={onKeyDown}
			/>
			<div class="tag-list" id={id} role="listbox" aria-label={t("tags")}>
				{[...found, null].slice(0, count).map((tag, i) => (
					// biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
					<div
						class="tag-option"
						id={`${id}-${i}`}
						key={tag?.id ?? "new"}
						role="option"
						aria-selected={i === chosen}
						tabIndex={-1}
						onMouseMove={() => setAt(i)}
						onClick={() => pick(i)}
					>
						{tag ? <Dot color={tag.color} /> : <Icon name="plus" />}
						<span dir="auto">{tag ? tag.name : t("tagCreate", { name })}</span>
					</div>
				))}
			</div>
			{count === 0 && <p class="quiet">{t("tagNone")}</p>}
			<Button isSmall onClick={onClose}>
				{common("close")}
			</Button>
		</div>
	);
}
