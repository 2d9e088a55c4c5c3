// Whether visitors can send files, and which.

import { SwitchField } from "../../ui/field";
import type { Fields } from "../bind";
import { FILE_KINDS } from "../form-value";
import { t } from "../texts";
import { Check } from "./check";

export function Files({ fields }: { readonly fields: Fields }) {
	const { value, errors, flag, set } = fields;
	const name = "settings.files.kinds";
	const chosen = value[name].length > 0 ? value[name] : FILE_KINDS;

	function choose(kind: string, isOn: boolean) {
		const kinds = FILE_KINDS.filter((one) => (one === kind ? isOn : chosen.includes(one)));
		// All of them are the default.
		set({ [name]: kinds.length === FILE_KINDS.length ? [] : kinds });
	}

	return (
		<>
			<SwitchField label={t("files")} hint={t("filesHint")} {...flag("settings.files.allow")} />
			{value["settings.files.allow"] && (
				<fieldset class="field">
					<legend class="field-label">{t("fileKinds")}</legend>
					<div class="checks">
						{FILE_KINDS.map((kind) => (
							<Check
								key={kind}
								label={kind === "text" ? t("fileText") : kind.toUpperCase()}
								isOn={chosen.includes(kind)}
								// At least one remains.
								isDisabled={chosen.length === 1 && chosen.includes(kind)}
								onValue={(isOn) => choose(kind, isOn)}
							/>
						))}
					</div>
					{errors[name] && <p class="field-error">{errors[name]}</p>}
				</fieldset>
			)}
		</>
	);
}
