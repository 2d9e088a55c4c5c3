// The invitations that are open, used or expired.

import { useState } from "preact/hooks";
import type { Invitation } from "../../../../workerd/api/openapi/openapi";
import { allItems } from "../../api/all-pages";
import { useData, useDesk } from "../../api/desk";
import { useNow } from "../../hooks/use-now";
import { toast } from "../../shell/toasts";
import { words } from "../../text/words";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { Sentence } from "../../ui/sentence";
import { TimeStamp } from "../../ui/time-stamp";
import { Loaded } from "../loaded";
import { roleName } from "../role";
import { t } from "../texts";

export function Invitations() {
	const { api } = useDesk();
	const [revoked, setRevoked] = useState<Invitation | null>(null);
	const remote = useData<readonly Invitation[]>("invitations", (client) => ({
		load: (signal) =>
			allItems(
				(query) => client.get("/v1/admin/invitations", { query, signal }),
				({ invitations }) => invitations,
			),
		kinds: ["invitation"],
	}));

	async function revoke(invitation: Invitation) {
		const path = { invitationId: invitation.id };
		await api.delete("/v1/admin/invitations/{invitationId}", { path });
		toast({ text: t("inviteRevoked") });
		await remote.refresh();
	}

	return (
		<section class="settings-part">
			<h2>{t("invitations")}</h2>
			<Loaded remote={remote} rows={1}>
				{(all) =>
					all.length === 0 ? (
						<p class="quiet">{t("invitationsNone")}</p>
					) : (
						<ul class="card settings-rows" aria-label={t("invitations")}>
							{all.map((one) => (
								<InvitationRow key={one.id} invitation={one} revoke={() => setRevoked(one)} />
							))}
						</ul>
					)
				}
			</Loaded>
			{revoked && (
				<Confirm
					title={t("inviteRevokeTitle")}
					action={t("inviteRevoke")}
					isDangerous
					onConfirm={() => revoke(revoked)}
					onClose={() => setRevoked(null)}
				>
					<p>{t("inviteRevokeText")}</p>
				</Confirm>
			)}
		</section>
	);
}

interface InvitationRowProps {
	readonly invitation: Invitation;
	readonly revoke: () => void;
}

function InvitationRow({ invitation, revoke }: InvitationRowProps) {
	const now = useNow();
	const { email, role, created_at, expires_at, used_at, mail, mail_error } = invitation;
	const isExpired = used_at === null && expires_at <= now;
	const isOpen = used_at === null && !isExpired;
	return (
		<li class="settings-row">
			<div class="settings-row-text">
				<p class="settings-row-title">
					<span>{email ?? t("inviteAnyone")}</span>
					<Badge>{roleName(role)}</Badge>
					{used_at !== null && <Badge tone="good">{t("inviteUsed")}</Badge>}
					{isExpired && <Badge tone="warn">{t("inviteExpired")}</Badge>}
					{isOpen && mail !== "none" && (
						<Badge tone={mail === "failed" ? "bad" : "calm"}>{t(`mailState_${mail}`)}</Badge>
					)}
				</p>
				<p class="quiet">
					<Sentence
						text={t("created")}
						parts={{ when: <TimeStamp at={created_at} text={words.relative(created_at, now)} /> }}
					/>
					{isOpen && (
						<>
							{" · "}
							<Sentence
								text={t("inviteUntil")}
								parts={{ when: <TimeStamp at={expires_at} text={words.date(expires_at)} /> }}
							/>
						</>
					)}
				</p>
				{isOpen && mail_error && <p>{t("inviteMailError", { reason: mail_error })}</p>}
			</div>
			{isOpen && (
				<Button
					isSmall
					onClick={revoke}
					aria-label={t("inviteRevokeOf", { name: email ?? t("inviteAnyone") })}
				>
					{t("inviteRevoke")}
				</Button>
			)}
		</li>
	);
}
