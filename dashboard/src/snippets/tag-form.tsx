// The form of a tag, new or not.

import { useId } from "preact/hooks";
import type { Tag } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { TextField } from "../ui/field";
import { TAG_COLORS, type TagColorName } from "../ui/tag-colors";
import { EntryForm, type EntryFormProps } from "./entry-form";
import { t } from "./texts";

type Fields = Pick<Tag, "name" | "color">;

export const EMPTY_TAG: Fields = { name: "", color: TAG_COLORS.grey };

/** The name of its unsaved changes. */
export const tagDraft = (id: string | null) => `tag-form:${id ?? "new"}`;

export function TagForm(props: EntryFormProps<Fields>) {
	const { api } = useDesk();
	return (
		<EntryForm
			{...props}
			draft={tagDraft(props.id)}
			create={({ name, color }) => api.post("/v1/admin/tags", { body: { name, color } })}
			change={(tagId, body, ifMatch) =>
				api.write("/v1/admin/tags/{tagId}", { path: { tagId }, body, ifMatch })
			}
		>
			{({ value, errors, set }) => (
				<>
					<TextField
						label={t("name")}
						value={value.name}
						onValue={(name) => set({ name })}
						error={errors.name}
						maxLength={50}
						autocomplete="off"
					/>
					<ColorField value={value.color} onValue={(color) => set({ color })} />
					{errors.color && <p class="field-error">{errors.color}</p>}
				</>
			)}
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
