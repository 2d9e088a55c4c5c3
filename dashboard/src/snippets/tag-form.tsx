// The form of a tag, new or not.

import { useId } from "preact/hooks";
import type { Answer } from "../api/client";
import { useDesk } from "../api/desk";
import { TextField } from "../ui/field";
import { TAG_COLORS, type TagColorName } from "../ui/tag-colors";
import { useForm } from "../ui/use-form";
import { EntryForm } from "./entry-form";
import { t } from "./texts";

interface Editable {
	/** Missing: it is new. */
	readonly id?: string;
	readonly name: string;
	readonly color: string;
}

export const EMPTY_TAG: Editable = { name: "", color: TAG_COLORS.grey };

/** Without an id: of a new one. */
export const tagDraft = (id = "new") => `tag-form:${id}`;

interface TagFormProps {
	readonly initial: Answer<Editable>;
	readonly onClose: () => void;
	readonly onSaved: () => Promise<void>;
}

export function TagForm({ initial, onClose, onSaved }: TagFormProps) {
	const { api } = useDesk();
	const { id } = initial.data;
	const form = useForm<Editable>({
		initial,
		draft: tagDraft(id),
		async send({ name, color }, value, ifMatch) {
			if (id === undefined) {
				const data = await api.post("/v1/admin/tags", {
					body: { name: value.name, color: value.color },
				});
				return { data, etag: undefined };
			}
			return api.write("/v1/admin/tags/{tagId}", {
				path: { tagId: id },
				body: { ...(name !== undefined && { name }), ...(color !== undefined && { color }) },
				ifMatch,
			});
		},
	});
	const { value, errors } = form;

	return (
		<EntryForm form={form} isNew={id === undefined} onClose={onClose} onSaved={onSaved}>
			<TextField
				label={t("name")}
				value={value.name}
				onValue={(name) => form.set({ name })}
				error={errors.name}
				maxLength={50}
				autocomplete="off"
			/>
			<ColorField value={value.color} onValue={(color) => form.set({ color })} />
			{errors.color && <p class="field-error">{errors.color}</p>}
		</EntryForm>
	);
}

interface ColorFieldProps {
	readonly value: string;
	readonly onValue: (color: string) => void;
}

function ColorField({ value, onValue }: ColorFieldProps) {
	const group = useId();
	const ours = Object.entries(TAG_COLORS).map(([name, color]) => ({
		value: color as string,
		text: name as TagColorName | "ownColor",
	}));
	// A colour that was set through the API stays selectable.
	const isOurs = ours.some((color) => color.value === value);
	const all = isOurs ? ours : [...ours, { value, text: "ownColor" as const }];
	return (
		<fieldset class="colors">
			<legend class="field-label">{t("color")}</legend>
			{all.map((color) => (
				<label class="color" key={color.value} title={t(color.text)}>
					<input
						class="unseen"
						type="radio"
						name={group}
						aria-label={t(color.text)}
						checked={color.value === value}
						onChange={() => onValue(color.value)}
					/>
					<span class="tag-dot" style={{ background: color.value }} />
				</label>
			))}
		</fieldset>
	);
}
