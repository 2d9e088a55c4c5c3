// What invites visitors: the button and the teaser.

import { SwitchField, TextField } from "../../ui/field";
import { NumberField } from "../../ui/number-field";
import type { Fields } from "../bind";
import { ListField } from "../list-field";
import { MAX, RANGES } from "../rules";
import { Section } from "../section";
import { t } from "../texts";
import { ChoiceField } from "./choice";

export function Entry({ fields }: { readonly fields: Fields }) {
	const { value, text, number, flag, list, set, wrong } = fields;
	const style = value["settings.launcher.style"];
	return (
		<Section
			title={t("entry")}
			hint={t("entryHint")}
			wrong={wrong("settings.launcher", "settings.teaser")}
		>
			<ChoiceField
				label={t("launcher")}
				value={style}
				onValue={(next) => set({ "settings.launcher.style": next })}
				hint={style === "none" ? t("launcherNoneHint") : undefined}
				choices={[
					{ value: "icon", text: t("launcherIcon") },
					{ value: "text", text: t("launcherText") },
					{ value: "picture", text: t("launcherPicture") },
					{ value: "none", text: t("launcherNone") },
				]}
			/>
			{style === "text" && (
				<TextField
					label={t("launcherLabel")}
					maxLength={MAX.launcherText}
					{...text("settings.launcher.text")}
				/>
			)}
			{style === "picture" && (
				<TextField
					label={t("launcherAddress")}
					hint={t("pictureHint")}
					type="url"
					placeholder="https://"
					maxLength={MAX.picture}
					{...text("settings.launcher.picture")}
				/>
			)}
			<TextField
				label={t("teaser")}
				hint={t("teaserHint")}
				maxLength={MAX.teaser}
				{...text("settings.teaser.text")}
			/>
			{value["settings.teaser.text"] !== "" && (
				<>
					<div class="form-row">
						<NumberField
							label={t("teaserDelay")}
							placeholder="5"
							range={RANGES["settings.teaser.delaySeconds"]}
							{...number("settings.teaser.delaySeconds")}
						/>
						<NumberField
							label={t("teaserScroll")}
							placeholder="0"
							range={RANGES["settings.teaser.scrollPercent"]}
							{...number("settings.teaser.scrollPercent")}
						/>
					</div>
					<ListField
						label={t("teaserPaths")}
						hint={t("teaserPathsHint")}
						entry={t("path")}
						action={t("addPath")}
						placeholder="/shop/*"
						max={MAX.paths}
						maxLength={MAX.path}
						{...list("settings.teaser.paths")}
					/>
					<SwitchField label={t("teaserOnce")} {...flag("settings.teaser.oncePerVisitor")} />
				</>
			)}
		</Section>
	);
}
