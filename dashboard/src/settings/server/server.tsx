// The state of the machine: for the owners of the first organization, who administer it.

import type { Server } from "../../../../workerd/api/openapi/openapi";
import { useData } from "../../api/desk";
import { useNow } from "../../hooks/use-now";
import { useRefresh } from "../../hooks/use-refresh";
import notices from "../../notices?page";
import { words } from "../../text/words";
import { Blank } from "../../ui/blank";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Sentence } from "../../ui/sentence";
import { TableBox } from "../../ui/table-box";
import { TimeStamp } from "../../ui/time-stamp";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { EffectiveSettings } from "./effective-settings";
import { Health } from "./health";
import { Space } from "./space";

/** Connections and memory change all the time; a page to look at need not. */
const REFRESH_MS = 10_000;

export function ServerSection() {
	const remote = useData<Server>("server", (api) => ({
		load: (signal) => api.read("/v1/admin/server", { signal }),
		kinds: [],
	}));
	useRefresh(remote.refresh, REFRESH_MS);
	return (
		<>
			<div class="settings-head">
				<p class="settings-lead">{t("serverLead")}</p>
				<Button icon="refresh" onClick={() => void remote.refresh()}>
					{t("refresh")}
				</Button>
			</div>
			<Loaded
				remote={remote}
				refused={
					<Blank title={t("serverRefused")} icon="key">
						<p>{t("serverRefusedText")}</p>
					</Blank>
				}
			>
				{(server) => (
					<>
						<Health server={server} />
						<Space server={server} />
						<Workers server={server} />
						<Versions server={server} />
						<EffectiveSettings settings={server.settings} />
					</>
				)}
			</Loaded>
		</>
	);
}

function Workers({ server: { workers, master } }: { readonly server: Server }) {
	const now = useNow();
	return (
		<Card
			title={t("workers")}
			hint={
				<Sentence
					text={t("workersHint", {
						starts: master.worker_starts,
						deaths: master.worker_deaths,
						hangs: master.worker_hangs,
					})}
					parts={{
						when: (
							<TimeStamp at={master.started_at} text={words.relative(master.started_at, now)} />
						),
					}}
				/>
			}
		>
			<TableBox label={t("workers")}>
				<table class="table">
					<thead>
						<tr>
							<th scope="col">PID</th>
							<th scope="col" class="numeric">
								{t("connections")}
							</th>
							<th scope="col" class="numeric">
								{t("sockets")}
							</th>
							<th scope="col" class="numeric">
								{t("runningReplies")}
							</th>
						</tr>
					</thead>
					<tbody>
						{workers.map((worker) => (
							<tr key={worker.pid}>
								<td class="numeric-start">{worker.pid}</td>
								<td class="numeric">{worker.connections}</td>
								<td class="numeric">{worker.sockets}</td>
								<td class="numeric">{worker.replies}</td>
							</tr>
						))}
					</tbody>
				</table>
			</TableBox>
		</Card>
	);
}

function Versions({ server }: { readonly server: Server }) {
	const { version, store, libraries, old_libraries } = server;
	return (
		<Card
			title={t("versions")}
			hint={
				<a href={notices} target="_blank" rel="noreferrer">
					{t("notices")}
				</a>
			}
		>
			{old_libraries.map(({ process, names }) => (
				<p key={process} class="settings-warning">
					{t("oldLibraries", { process, names })}
				</p>
			))}
			<dl class="settings-facts">
				<div>
					<dt>banter</dt>
					<dd>{version}</dd>
				</div>
				{store.lmdb && (
					<div>
						<dt>LMDB</dt>
						<dd>{store.lmdb.replace(/^LMDB (\S+?):? .*$/, "$1")}</dd>
					</div>
				)}
				{libraries.map((one) => (
					<div key={one.name}>
						<dt>{one.name}</dt>
						<dd>{one.version}</dd>
					</div>
				))}
			</dl>
		</Card>
	);
}
