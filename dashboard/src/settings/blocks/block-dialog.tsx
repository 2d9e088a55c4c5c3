// Blocks somebody.

import { useState } from "preact/hooks";
import type { Block } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { DialogForm } from "../../ui/dialog-form";
import { SelectField, TextField } from "../../ui/field";
import { t } from "../texts";

export type BlockKind = Block["kind"];

export const KINDS = {
	session: "blockSession",
	contact: "blockContact",
	range: "blockRange",
} as const;

const HINTS = {
	session: "blockSessionHint",
	contact: "blockContactHint",
	range: "blockRangeHint",
} as const;

/** For how many days; 0: without an end. */
const DAYS = ["0", "1", "7", "30"] as const;

interface BlockDialogProps {
	readonly kind: BlockKind;
	readonly target: string;
	readonly onCreated: () => Promise<void>;
	readonly onClose: () => void;
}

export function BlockDialog({ onCreated, onClose, ...initial }: BlockDialogProps) {
	const { api } = useDesk();
	const [kind, setKind] = useState(initial.kind);
	const [target, setTarget] = useState(initial.target);
	const [reason, setReason] = useState("");
	const [days, setDays] = useState<(typeof DAYS)[number]>("0");

	async function send() {
		const until = days === "0" ? null : Date.now() + Number(days) * 86_400_000;
		const body = { kind, target: target.trim(), reason: reason.trim(), until };
		await api.post("/v1/admin/blocks", { body });
		await onCreated();
		onClose();
	}

	return (
		<DialogForm title={t("blockCreate")} action={t("blockCreate")} send={send} onClose={onClose}>
			{(errors) => (
				<>
					<SelectField<BlockKind>
						label={t("blockKind")}
						value={kind}
						error={errors.kind}
						choices={(Object.keys(KINDS) as BlockKind[]).map((value) => ({
							value,
							text: t(KINDS[value]),
						}))}
						onValue={setKind}
					/>
					<TextField
						label={t("blockTarget")}
						hint={t(HINTS[kind])}
						maxLength={128}
						autocomplete="off"
						isMono
						value={target}
						error={errors.target}
						onValue={setTarget}
					/>
					<TextField
						label={t("blockReason")}
						hint={t("blockReasonHint")}
						maxLength={300}
						autocomplete="off"
						value={reason}
						error={errors.reason}
						onValue={setReason}
					/>
					<SelectField<(typeof DAYS)[number]>
						label={t("blockEnd")}
						value={days}
						error={errors.until}
						choices={DAYS.map((value) => ({
							value,
							text: value === "0" ? t("blockNoEnd") : t("blockDays", { count: Number(value) }),
						}))}
						onValue={setDays}
					/>
				</>
			)}
		</DialogForm>
	);
}
