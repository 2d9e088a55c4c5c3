// The organization's API keys.

import { useState } from "preact/hooks";
import type { Key } from "../../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../../api/desk";
import { useNow } from "../../hooks/use-now";
import { toast } from "../../shell/toasts";
import { words } from "../../text/words";
import { Badge } from "../../ui/badge";
import { Blank } from "../../ui/blank";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { Total } from "../../ui/end-of-list";
import { Sentence } from "../../ui/sentence";
import { TimeStamp } from "../../ui/time-stamp";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { CreateKeyDialog } from "./create-key";

export function KeysSection() {
	const { api } = useDesk();
	const [isCreating, setCreating] = useState(false);
	const [revoked, setRevoked] = useState<Key | null>(null);
	const remote = useData<{ readonly keys: readonly Key[] }>("keys", (client) => ({
		load: (signal) => client.read("/v1/admin/keys", { signal }),
		kinds: [],
	}));

	async function revoke(key: Key) {
		await api.delete("/v1/admin/keys/{keyId}", { path: { keyId: key.id } });
		toast({ text: t("keyRevoked") });
		await remote.refresh();
	}

	return (
		<>
			<div class="settings-head">
				<p class="settings-lead">{t("keysLead")}</p>
				<Button kind="main" icon="plus" onClick={() => setCreating(true)}>
					{t("keyCreate")}
				</Button>
			</div>
			<Loaded remote={remote}>
				{({ keys }) =>
					keys.length === 0 ? (
						<Blank title={t("keysNone")} icon="key">
							<p>{t("keysNoneText")}</p>
						</Blank>
					) : (
						<>
							<ul class="card settings-rows" aria-label={t("keys")}>
								{keys.map((one) => (
									<KeyRow key={one.id} record={one} revoke={() => setRevoked(one)} />
								))}
							</ul>
							<Total count={keys.length} />
						</>
					)
				}
			</Loaded>
			{isCreating && (
				<CreateKeyDialog onCreated={remote.refresh} onClose={() => setCreating(false)} />
			)}
			{revoked && (
				<Confirm
					title={t("keyRevokeTitle", { name: keyName(revoked) })}
					action={t("keyRevoke")}
					isDangerous
					onConfirm={() => revoke(revoked)}
					onClose={() => setRevoked(null)}
				>
					<p>{t("keyRevokeText")}</p>
				</Confirm>
			)}
		</>
	);
}

const keyName = (key: Key): string => key.name ?? `…${key.hint}`;

interface KeyRowProps {
	readonly record: Key;
	readonly revoke: () => void;
}

function KeyRow({ record, revoke }: KeyRowProps) {
	const now = useNow();
	const time = (at: number) => <TimeStamp at={at} text={words.relative(at, now)} />;
	return (
		<li class="settings-row">
			<div class="settings-row-text">
				<p class="settings-row-title">
					<span>{record.name ?? t("keyUnnamed")}</span>
					<Badge tone={record.kind === "admin" ? "warn" : "calm"}>
						{t(record.kind === "admin" ? "keyAdmin" : "keyWidget")}
					</Badge>
				</p>
				<p class="quiet">
					<span class="mono-text">
						{record.kind === "admin" ? "bak_" : "bwk_"}…{record.hint}
					</span>
					{" · "}
					<Sentence text={t("created")} parts={{ when: time(record.created_at) }} />
					{" · "}
					{record.last_used_at === null ? (
						t("keyNeverUsed")
					) : (
						<Sentence text={t("keyUsed")} parts={{ when: time(record.last_used_at) }} />
					)}
				</p>
			</div>
			<Button isSmall onClick={revoke} aria-label={t("keyRevokeOf", { name: keyName(record) })}>
				{t("keyRevoke")}
			</Button>
		</li>
	);
}
