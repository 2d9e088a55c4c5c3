// The space of the store and of its disk, the last backup, and whether a newer one has failed.

import type { Server } from "../../../../workerd/api/openapi/openapi";
import { useNow } from "../../hooks/use-now";
import { words } from "../../text/words";
import { Card } from "../../ui/card";
import { TimeStamp } from "../../ui/time-stamp";
import { t } from "../texts";
import { formatBytes } from "./bytes";

export function Space({ store }: { readonly store: Server["store"] }) {
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
