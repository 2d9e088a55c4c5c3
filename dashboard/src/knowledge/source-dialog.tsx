// Asks what a new source is. Everything else has good defaults, and can be changed on its page.

import { useState } from "preact/hooks";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { TextField } from "../ui/field";
import { Icon } from "../ui/icon";
import { t } from "./texts";
import { hostOf, KIND_ICONS, KINDS, type SourceKind, withScheme } from "./words";

interface SourceDialogProps {
	readonly onCreated: (id: string) => void;
	readonly onClose: () => void;
}

export function SourceDialog({ onCreated, onClose }: SourceDialogProps) {
	const { api } = useDesk();
	const [kind, setKind] = useState<SourceKind>("site");
	const [url, setUrl] = useState("");
	const [name, setName] = useState("");
	const [error, setError] = useState<ApiError | null>(null);
	const [isBusy, setBusy] = useState(false);
	const hasUrl = kind === "site" || kind === "page";
	const proposed = hasUrl ? hostOf(withScheme(url)) : t(`kind_${kind}`);

	async function submit(event: SubmitEvent) {
		event.preventDefault();
		if (isBusy) return;
		setBusy(true);
		try {
			const source = await api.post("/v1/admin/sources", {
				body: {
					kind,
					name: name.trim() || proposed,
					...(hasUrl && { url: withScheme(url) }),
				},
			});
			onCreated(source.id);
			onClose();
		} catch (reason) {
			setError(ApiError.from(reason));
			setBusy(false);
		}
	}

	const { fields = {} } = error ?? {};
	// A name that nobody typed comes from the address.
	const urlError = fields.url ?? (name.trim() === "" ? fields.name : undefined);
	return (
		<Dialog title={t("newSource")} onClose={onClose}>
			<form class="form" noValidate onSubmit={submit}>
				<KindChoice kind={kind} onKind={setKind} />
				{hasUrl && (
					<TextField
						label={t("address")}
						hint={kind === "site" ? t("addressHintSite") : t("addressHintPage")}
						type="url"
						value={url}
						onValue={(next) => {
							setUrl(next);
							setError(null);
						}}
						error={urlError}
						placeholder="https://example.com/help/"
						autocomplete="url"
						required
						maxLength={2048}
					/>
				)}
				<TextField
					label={t("name")}
					hint={t("nameHint")}
					value={name}
					onValue={setName}
					error={urlError === fields.name && hasUrl ? undefined : fields.name}
					placeholder={proposed}
					autocomplete="off"
					maxLength={100}
				/>
				<p class="field-error" role="alert">
					{error && Object.keys(fields).length === 0 && describe(error)}
				</p>
				<div class="dialog-actions">
					<Button onClick={onClose}>{common("cancel")}</Button>
					<Button kind="main" type="submit" isBusy={isBusy}>
						{common("create")}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

interface KindChoiceProps {
	readonly kind: SourceKind;
	readonly onKind: (kind: SourceKind) => void;
}

function KindChoice({ kind, onKind }: KindChoiceProps) {
	return (
		<fieldset class="kinds">
			<legend class="field-label">{t("kind")}</legend>
			{KINDS.map((one) => (
				<label class="kind" key={one}>
					<input
						class="unseen"
						type="radio"
						name="kind"
						checked={one === kind}
						onChange={() => onKind(one)}
					/>
					<Icon name={KIND_ICONS[one]} />
					<span class="kind-name">{t(`kind_${one}`)}</span>
					<span class="kind-text">{t(`kindText_${one}`)}</span>
				</label>
			))}
		</fieldset>
	);
}
