// The widget's language, and the site's own texts for it.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Answer } from "../../api/client";
import { type Data, useData } from "../../api/desk";
import { ApiError } from "../../api/errors";
import { t as common } from "../../text/common";
import { language as ours } from "../../text/language";
import { Button, IconButton } from "../../ui/button";
import { Field, SelectField, TextField } from "../../ui/field";
import { TroubleScreen } from "../../ui/trouble";
import type { Fields } from "../bind";
import { LANGUAGE_CODES, languageName } from "../languages";
import { languagesOf, textsOf, withText } from "../own-texts";
import { MAX } from "../rules";
import { Section } from "../section";
import { t } from "../texts";

type Locale = Readonly<Record<string, string>>;

async function readLocale(code: string): Promise<Answer<Locale>> {
	try {
		const read: { default: Locale } = await import(`../../../../widget/src/locales/${code}.json`);
		return { data: read.default, etag: undefined };
	} catch (reason) {
		throw new ApiError("network", 0, String(reason));
	}
}

/** The widget's own texts in a language. */
function useLocale(code: string): Data<Locale> {
	return useData<Locale>(`widget locale ${code}`, () => ({
		load: () => readLocale(code),
		kinds: [],
	}));
}

export function Texts({ fields }: { readonly fields: Fields }) {
	const { value, errors, set, wrong } = fields;
	const all = value["settings.texts"];
	const locale = value["settings.locale"];
	const [language, setLanguage] = useState(languagesOf(all)[0] ?? "");
	const { data: defaults, error, refresh } = useLocale(language === "" ? ours : language);
	const own = textsOf(all, language);
	const prefix = language === "" ? "settings.texts" : `settings.texts.${language}`;
	const change = (key: string, text: string | null) =>
		set({ "settings.texts": withText(all, language, key, text) });
	const codes = [...new Set(["auto", locale, ...LANGUAGE_CODES])];
	const [chosen, setChosen] = useState("");
	const [added, setAdded] = useState("");
	const list = useRef<HTMLDivElement>(null);
	const rest = Object.keys(defaults ?? {}).filter((key) => own[key] === undefined);

	function add() {
		change(chosen, defaults?.[chosen] ?? "");
		setAdded(chosen);
		setChosen("");
	}

	// The new text is the next to be written.
	useLayoutEffect(() => {
		if (added !== "")
			list.current?.querySelector<HTMLElement>(`[data-text=${added}] input`)?.focus();
		setAdded("");
	}, [added]);

	return (
		<Section
			title={t("texts")}
			hint={t("textsHint")}
			wrong={wrong("settings.locale", "settings.texts")}
		>
			<div class="form-row">
				<SelectField
					label={t("locale")}
					hint={t("localeHint")}
					value={locale}
					error={errors["settings.locale"]}
					onValue={(next) => set({ "settings.locale": next })}
					choices={codes.map((code) => ({
						value: code,
						text: code === "auto" ? t("localeAuto") : languageName(code),
					}))}
				/>
				<SelectField
					label={t("textsFor")}
					hint={t("textsForHint")}
					value={language}
					onValue={setLanguage}
					choices={["", ...new Set([...languagesOf(all), ...LANGUAGE_CODES])].map((code) => {
						const count = Object.keys(textsOf(all, code)).length;
						const name = code === "" ? t("everyLanguage") : languageName(code);
						return { value: code, text: count > 0 ? `${name} (${count})` : name };
					})}
				/>
			</div>
			<div class="own-texts" ref={list}>
				{Object.entries(own).map(([key, text]) => (
					<div class="own-text" key={key} data-text={key}>
						<TextField
							label={defaults?.[key] ?? key}
							hint={key}
							maxLength={MAX.text}
							placeholder={defaults?.[key] ?? ""}
							value={text}
							error={errors[`${prefix}.${key}`]}
							onValue={(next) => change(key, next)}
						/>
						<IconButton
							name="trash"
							label={t("removeText", { text: defaults?.[key] ?? key })}
							onClick={() => change(key, null)}
						/>
					</div>
				))}
			</div>
			<Field label={t("addText")} hint={t("addTextHint")} error={errors["settings.texts"]}>
				{(control) => (
					// A button: the arrow keys of some browsers choose each entry that they pass.
					<div class="add-text">
						<select
							{...control}
							class="input select"
							value={chosen}
							disabled={!defaults}
							onChange={({ currentTarget }) => setChosen(currentTarget.value)}
						>
							<option value="">{defaults || error ? t("chooseText") : common("loading")}</option>
							{rest.map((key) => (
								<option key={key} value={key}>
									{defaults?.[key]}
								</option>
							))}
						</select>
						<Button icon="plus" disabled={!rest.includes(chosen)} onClick={add}>
							{common("add")}
						</Button>
					</div>
				)}
			</Field>
			{!defaults && error && <TroubleScreen error={error} retry={refresh} />}
		</Section>
	);
}
