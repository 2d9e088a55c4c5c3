// Language and colours of the dashboard on this device. They take effect without saving.

import { type Theme, useTheme } from "../../shell/theme";
import { t as common } from "../../text/common";
import { chooseLanguage, LANGUAGES, type Language, languageChoice } from "../../text/language";
import { Card } from "../../ui/card";
import { Segments, SelectField } from "../../ui/field";
import { t } from "../texts";

const LANGUAGE_NAMES = Object.entries(LANGUAGES) as ReadonlyArray<[Language, string]>;

export function Appearance() {
	const [theme, chooseTheme] = useTheme();
	return (
		<Card title={t("appearance")} hint={t("appearanceHint")}>
			<SelectField<Language | "">
				label={t("language")}
				value={languageChoice() ?? ""}
				choices={[
					{ value: "", text: t("languageBrowser") },
					...LANGUAGE_NAMES.map(([value, text]) => ({ value, text })),
				]}
				onValue={(choice) => {
					chooseLanguage(choice === "" ? null : choice);
					location.reload();
				}}
			/>
			<div class="field">
				<span class="field-label" aria-hidden="true">
					{t("colours")}
				</span>
				<div>
					<Segments<Theme | "system">
						label={t("colours")}
						value={theme ?? "system"}
						choices={[
							{ value: "system", text: t("coloursSystem") },
							{ value: "light", text: common("themeLight") },
							{ value: "dark", text: common("themeDark") },
						]}
						onValue={(choice) => chooseTheme(choice === "system" ? null : choice)}
					/>
				</div>
			</div>
		</Card>
	);
}
