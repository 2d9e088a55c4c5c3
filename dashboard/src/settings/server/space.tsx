// The space of the store, of the files in it and of its disk, the last backup, and whether a newer one has failed.

import type { Server } from "../../../../workerd/api/openapi/openapi";
import { useNow } from "../../hooks/use-now";
import { words } from "../../text/words";
import { Card } from "../../ui/card";
import { TimeStamp } from "../../ui/time-stamp";
import { t } from "../texts";
import { formatBytes } from "./bytes";

/** From here on, the use of a quota is a warning. */
const WARNING = 0.8;

interface QuotaProps {
	readonly text: string;
	readonly bytes: number;
	readonly max: number;
	/** Its name. */
	readonly setting: string;
}

function Quota({ text, bytes, max, setting }: QuotaProps) {
	const isHigh = bytes >= max * WARNING;
	return (
		<div class="field">
			<p>{text}</p>
			<meter
				class={isHigh ? "budget-meter budget-spent" : "budget-meter"}
				aria-label={text}
				min={0}
				max={max}
				value={bytes}
			/>
			{isHigh && <p class="settings-warning">{t("filesWarning", { setting })}</p>}
		</div>
	);
}

/** What the files of visitors and operators take of their quotas. */
function FileQuotas({ files }: { readonly files: NonNullable<Server["files"]> }) {
	const { count, bytes, max_bytes: max, organization } = files;
	const used = { used: formatBytes(bytes), max: formatBytes(max) };
	return (
		<>
			{max > 0 && (
				<Quota
					text={t("filesUsed", { ...used, count })}
					bytes={bytes}
					max={max}
					setting="FILES_MAX_BYTES"
				/>
			)}
			{organization?.name && (
				<Quota
					text={t("filesUsedMost", {
						name: organization.name,
						used: formatBytes(organization.bytes),
						max: formatBytes(organization.max_bytes),
					})}
					bytes={organization.bytes}
					max={organization.max_bytes}
					setting="FILES_ORG_MAX_BYTES"
				/>
			)}
		</>
	);
}

export function Space({ server }: { readonly server: Server }) {
	const { store, files } = server;
	const now = useNow();
	const { used_bytes, file_bytes, max_bytes, disk_free_bytes, last_backup, backup_failed } = store;
	if (used_bytes === undefined || max_bytes === undefined) return null;
	return (
		<Card title={t("space")}>
			<div class="field">
				<p>{t("spaceUsed", { used: formatBytes(used_bytes), max: formatBytes(max_bytes) })}</p>
				<meter
					class="budget-meter"
					aria-label={t("space")}
					min={0}
					max={max_bytes}
					value={used_bytes}
				/>
			</div>
			{files && <FileQuotas files={files} />}
			<dl class="settings-facts">
				<div>
					<dt>{t("diskFree")}</dt>
					<dd>{formatBytes(disk_free_bytes ?? 0)}</dd>
				</div>
				<div>
					<dt>{t("fileSize")}</dt>
					<dd>{formatBytes(file_bytes ?? 0)}</dd>
				</div>
				<div>
					<dt>{t("lastBackup")}</dt>
					<dd>
						{last_backup ? (
							<>
								<TimeStamp at={last_backup.at} text={words.relative(last_backup.at, now)} />,{" "}
								{formatBytes(last_backup.bytes)} {last_backup.file}
							</>
						) : (
							<span class="settings-warning">{t("backupNever")}</span>
						)}
					</dd>
				</div>
				{backup_failed && (
					<div>
						<dt>{t("backupFailed")}</dt>
						<dd class="settings-warning">
							<TimeStamp at={backup_failed.at} text={words.relative(backup_failed.at, now)} />:{" "}
							{backup_failed.error}
						</dd>
					</div>
				)}
			</dl>
		</Card>
	);
}
