// Colours, theme, place, corners, font, and who the agent appears to be.

import { TextField } from "../../ui/field";
import { NumberField } from "../../ui/number-field";
import type { Fields } from "../bind";
import { ColorField } from "../color-field";
import { Contrast } from "../contrast";
import { MAX, RANGES } from "../rules";
import { Section } from "../section";
import { t } from "../texts";
import { ChoiceField } from "./choice";

const NAMES = [
	"primary_color",
	"text_color",
	"position",
	"settings.theme",
	"settings.font",
	"settings.radius",
	"settings.offsetX",
	"settings.offsetY",
	"settings.zIndex",
	"settings.avatar",
	"settings.agentName",
];

export function Looks({ fields }: { readonly fields: Fields }) {
	const { value, text, number, set, wrong } = fields;
	return (
		<Section title={t("looks")} hint={t("looksHint")} wrong={wrong(...NAMES)} isOpen>
			<div class="form-row">
				<ColorField label={t("primaryColor")} {...text("primary_color")} />
				<ColorField label={t("textColor")} {...text("text_color")} />
			</div>
			<Contrast primary={value.primary_color} text={value.text_color} />
			<div class="form-row">
				<ChoiceField
					label={t("theme")}
					value={value["settings.theme"]}
					onValue={(theme) => set({ "settings.theme": theme })}
					choices={[
						{ value: "auto", text: t("themeAuto") },
						{ value: "light", text: t("themeLight") },
						{ value: "dark", text: t("themeDark") },
					]}
				/>
				<ChoiceField
					label={t("position")}
					value={value.position}
					onValue={(position) => set({ position })}
					choices={[
						{ value: "bottom_left", text: t("left") },
						{ value: "bottom_right", text: t("right") },
					]}
				/>
				<ChoiceField
					label={t("font")}
					value={value["settings.font"]}
					onValue={(font) => set({ "settings.font": font })}
					choices={[
						{ value: "system", text: t("fontSystem") },
						{ value: "inherit", text: t("fontPage") },
					]}
				/>
			</div>
			<div class="form-row">
				<TextField
					label={t("agentName")}
					hint={t("agentNameHint")}
					maxLength={MAX.agentName}
					{...text("settings.agentName")}
				/>
				<TextField
					label={t("avatar")}
					hint={t("pictureHint")}
					type="url"
					placeholder="https://"
					maxLength={MAX.picture}
					{...text("settings.avatar")}
				/>
			</div>
			<div class="form-row form-row-narrow">
				<NumberField
					label={t("radius")}
					placeholder="16"
					range={RANGES["settings.radius"]}
					{...number("settings.radius")}
				/>
				<NumberField
					label={t("offsetX")}
					placeholder="20"
					range={RANGES["settings.offsetX"]}
					{...number("settings.offsetX")}
				/>
				<NumberField
					label={t("offsetY")}
					placeholder="20"
					range={RANGES["settings.offsetY"]}
					{...number("settings.offsetY")}
				/>
				<NumberField
					label={t("zIndex")}
					placeholder="2147483647"
					range={RANGES["settings.zIndex"]}
					{...number("settings.zIndex")}
				/>
			</div>
			<p class="field-hint">{t("pixelsHint")}</p>
		</Section>
	);
}
