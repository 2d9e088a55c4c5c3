// The settings that are in effect, searchable. The server never sends a secret.

import { useState } from "preact/hooks";
import type { Server } from "../../../../workerd/api/openapi/openapi";
import { Badge } from "../../ui/badge";
import { Card } from "../../ui/card";
import { SwitchField, TextField } from "../../ui/field";
import { t } from "../texts";

type Setting = Server["settings"][number];

/** Whether each word occurs in the setting's name, help or value. */
export function isFound({ name, help, value }: Setting, words: string): boolean {
	const text = `${name} ${help} ${value ?? ""}`.toLowerCase();
	return words
		.toLowerCase()
		.split(/\s+/)
		.every((word) => text.includes(word));
}

export function EffectiveSettings({ settings }: { readonly settings: readonly Setting[] }) {
	const [words, setWords] = useState("");
	const [isOnlySet, setOnlySet] = useState(false);
	const found = settings.filter((one) => isFound(one, words) && (!isOnlySet || one.set));
	return (
		<Card title={t("effective")} hint={t("effectiveHint")}>
			<div class="form-row">
				<TextField
					label={t("effectiveSearch")}
					type="search"
					placeholder="OPENAI_MODEL"
					value={words}
					onValue={setWords}
				/>
				<SwitchField label={t("effectiveOnlySet")} isOn={isOnlySet} onValue={setOnlySet} />
			</div>
			<p class="unseen" role="status">
				{t("effectiveFound", { count: found.length })}
			</p>
			{found.length === 0 && <p class="quiet">{t("effectiveNone")}</p>}
			<dl class="effective">
				{found.map((one) => (
					<SettingLine key={one.name} setting={one} />
				))}
			</dl>
		</Card>
	);
}

function SettingLine({ setting }: { readonly setting: Setting }) {
	const { name, value, secret, set, help, default: usual } = setting;
	return (
		<div class="effective-line">
			<dt>
				<code>{name}</code> {set && <Badge tone="accent">{t("settingSet")}</Badge>}
			</dt>
			<dd>
				<code class="effective-value">
					{secret ? (set ? "••••••••" : t("settingUnset")) : (value ?? t("settingUnset"))}
				</code>
				<p class="field-hint">
					{help}
					{set && !secret && usual !== null && ` · ${t("settingDefault", { value: usual })}`}
				</p>
			</dd>
		</div>
	);
}
