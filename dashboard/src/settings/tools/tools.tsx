// The tools of the organization: their list, and one of them, as the address says.

import { useState } from "preact/hooks";
import { useTools } from "../../shell/all-tools";
import { t as common } from "../../text/common";
import { BackLink } from "../../ui/back-link";
import { Badge } from "../../ui/badge";
import { Blank } from "../../ui/blank";
import { Button, ButtonLink } from "../../ui/button";
import { Total } from "../../ui/end-of-list";
import { Loaded } from "../loaded";
import type { SectionProps } from "../sections";
import { t } from "../texts";
import { McpImport } from "./mcp-import";
import { TOOLS, toolPath } from "./paths";
import { CreateTool, ToolPage } from "./tool";

const NEW = "new";

export function ToolsSection({ id }: SectionProps) {
	if (id === undefined) return <ToolList />;
	return (
		<>
			<BackLink href={TOOLS} text={t("toolsAll")} />
			{id === NEW ? <CreateTool /> : <ToolPage key={id} id={id} />}
		</>
	);
}

function ToolList() {
	const remote = useTools();
	const [isImporting, setImporting] = useState(false);
	return (
		<>
			<div class="settings-head">
				<p class="settings-lead">{t("toolsLead")}</p>
				<div class="settings-buttons">
					<Button onClick={() => setImporting(true)}>{t("mcpImport")}</Button>
					<ButtonLink kind="main" icon="plus" href={toolPath(NEW)}>
						{t("toolAdd")}
					</ButtonLink>
				</div>
			</div>
			{isImporting && <McpImport onClose={() => setImporting(false)} />}
			<Loaded remote={remote}>
				{(tools) =>
					tools.length === 0 ? (
						<Blank title={t("toolsNone")} icon="search">
							<p>{t("toolsNoneText")}</p>
						</Blank>
					) : (
						<>
							<ul class="card settings-rows" aria-label={t("tools")}>
								{tools.map((tool) => (
									<li class="settings-row" key={tool.id}>
										<div class="settings-row-text">
											<p class="settings-row-title">
												<a class="settings-row-link mono-text" href={toolPath(tool.id)}>
													{tool.name}
												</a>
											</p>
											<p class="quiet">{tool.description}</p>
										</div>
										{tool.mcpChanged && <Badge tone="bad">{t("mcpChanged")}</Badge>}
										<Badge tone={tool.enabled ? "good" : "calm"}>
											{common(tool.enabled ? "on" : "off")}
										</Badge>
									</li>
								))}
							</ul>
							<Total count={tools.length} />
						</>
					)
				}
			</Loaded>
		</>
	);
}
