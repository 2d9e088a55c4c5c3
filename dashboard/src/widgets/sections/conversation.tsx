// What visitors can do in the chat.

import { SwitchField, TextField } from "../../ui/field";
import type { Fields } from "../bind";
import { ListField } from "../list-field";
import { MAX } from "../rules";
import { Section } from "../section";
import { t } from "../texts";
import { Files } from "./files";

export function Conversation({ fields }: { readonly fields: Fields }) {
	const { value, flag, list, text, wrong } = fields;
	// What is wrong must be seen, as it keeps the form from being saved.
	const hasNotice = value["settings.disclosure.show"] || wrong("settings.disclosure") > 0;
	return (
		<Section
			title={t("chat")}
			hint={t("chatHint")}
			wrong={wrong("settings.starters", "settings.disclosure", "settings.files")}
		>
			<ListField
				label={t("starters")}
				hint={t("startersHint")}
				entry={t("question")}
				action={t("addQuestion")}
				placeholder={t("questionExample")}
				max={MAX.starters}
				maxLength={MAX.starter}
				{...list("settings.starters")}
			/>
			<SwitchField
				label={t("disclosure")}
				hint={t("disclosureHint")}
				{...flag("settings.disclosure.show")}
			/>
			{hasNotice && (
				<div class="form-row">
					<TextField
						label={t("disclosureText")}
						hint={t("disclosureTextHint")}
						maxLength={MAX.disclosure}
						{...text("settings.disclosure.text")}
					/>
					<TextField
						label={t("privacyPage")}
						hint={t("privacyPageHint")}
						type="url"
						placeholder="https://"
						maxLength={MAX.picture}
						{...text("settings.disclosure.link")}
					/>
				</div>
			)}
			<Files fields={fields} />
			<div class="switches">
				<SwitchField
					label={t("offer")}
					hint={t("offerHint")}
					{...flag("settings.operators.offer")}
				/>
				<SwitchField
					label={t("askEmail")}
					hint={t("askEmailHint")}
					{...flag("settings.operators.askEmail")}
				/>
				<SwitchField label={t("rating")} hint={t("ratingHint")} {...flag("settings.rating")} />
				<SwitchField label={t("times")} hint={t("timesHint")} {...flag("settings.showTimes")} />
				<SwitchField label={t("sound")} hint={t("soundHint")} {...flag("settings.sound")} />
				<SwitchField
					label={t("unreadTitle")}
					hint={t("unreadTitleHint")}
					{...flag("settings.unreadInTitle")}
				/>
				<SwitchField label={t("plain")} hint={t("plainHint")} {...flag("settings.plainText")} />
			</div>
		</Section>
	);
}
