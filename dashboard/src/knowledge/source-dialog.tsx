// Asks what a new source is. Everything else has good defaults, and can be changed on its page.

import { useState } from "preact/hooks";
import { useDesk } from "../api/desk";
import { t as common } from "../text/common";
import { DialogForm } from "../ui/dialog-form";
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
	const hasUrl = kind === "site" || kind === "page";
	const proposed = hasUrl ? hostOf(withScheme(url)) : t(`kind_${kind}`);

	async function send() {
		const source = await api.post("/v1/admin/sources", {
			body: {
				kind,
				name: name.trim() || proposed,
				...(hasUrl && { url: withScheme(url) }),
			},
		});
		onCreated(source.id);
		onClose();
	}

	return (
		<DialogForm title={t("newSource")} action={common("create")} send={send} onClose={onClose}>
			{(errors) => {
				// A name that nobody typed comes from the address.
				const isProposed = hasUrl && name.trim() === "";
				return (
					<>
						<KindChoice kind={kind} onKind={setKind} />
						{hasUrl && (
							<TextField
								label={t("address")}
								hint={kind === "site" ? t("addressHintSite") : t("addressHintPage")}
								type="url"
								value={url}
								onValue={setUrl}
								error={errors.url ?? (isProposed ? errors.name : undefined)}
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
							error={isProposed ? undefined : errors.name}
							placeholder={proposed}
							autocomplete="off"
							maxLength={100}
						/>
					</>
				);
			}}
		</DialogForm>
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
