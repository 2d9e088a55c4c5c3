// A tool of an MCP server: where it comes from, and what the server has changed.

import { useState } from "preact/hooks";
import type { McpTool, McpTools, Tool } from "../../../../workerd/api/openapi/openapi";
import { useDesk } from "../../api/desk";
import { toast, toastError } from "../../shell/toasts";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { t } from "../texts";
import { membersOf } from "./mcp-import";

interface McpCardProps {
	readonly tool: Tool;
	/** The tool is as the server describes it now. */
	readonly onAccepted: (tool: Tool) => void;
}

export function McpCard({ tool, onAccepted }: McpCardProps) {
	const { api } = useDesk();
	const [seen, setSeen] = useState<McpTools | null>(null);
	const [isBusy, setBusy] = useState(false);
	const now = seen?.tools.find(({ mcpTool }) => mcpTool === tool.mcpTool);

	async function run(step: () => Promise<void>) {
		setBusy(true);
		try {
			await step();
		} catch (reason) {
			toastError(reason);
		}
		setBusy(false);
	}

	const look = async () =>
		setSeen(await api.post("/v1/admin/mcp-tools", { body: { toolId: tool.id } }));

	async function accept(version: McpTools["mcpVersion"], described: McpTool) {
		const body = { ...membersOf(described), mcpVersion: version };
		const path = { toolId: tool.id };
		onAccepted(await api.put("/v1/admin/tools/{toolId}", { path, body }));
		setSeen(null);
		toast({ text: t("mcpAccepted") });
	}

	return (
		<Card
			title={t("mcpFrom")}
			hint={`${tool.mcpTool} · MCP ${tool.mcpVersion}`}
			actions={
				<Button isBusy={isBusy} icon="refresh" onClick={() => run(look)}>
					{t("mcpLook")}
				</Button>
			}
		>
			{tool.mcpChanged && (
				<p>
					<Badge tone="bad">{t("mcpChanged")}</Badge> {t("mcpChangedText")}
				</p>
			)}
			<div role="status">
				{seen && !now && <p class="settings-bad">{t("mcpGone")}</p>}
				{now && now.mcpPin === tool.mcpPin && !tool.mcpChanged && (
					<p class="settings-good">{t("mcpSame")}</p>
				)}
			</div>
			{seen && now && (now.mcpPin !== tool.mcpPin || tool.mcpChanged) && (
				<>
					<div class="mcp-compared">
						<Compared title={t("mcpBefore")} tool={tool} />
						<Compared title={t("mcpNow")} tool={now} />
					</div>
					{now.problem !== null ? (
						<p class="settings-bad">{t("mcpProblem", { problem: now.problem })}</p>
					) : (
						<div>
							<Button
								kind="main"
								isBusy={isBusy}
								onClick={() => run(() => accept(seen.mcpVersion, now))}
							>
								{t("mcpAccept")}
							</Button>
						</div>
					)}
				</>
			)}
		</Card>
	);
}

interface ComparedProps {
	readonly title: string;
	readonly tool: Pick<Tool, "description" | "arguments">;
}

function Compared({ title, tool }: ComparedProps) {
	return (
		<section>
			<h3>{title}</h3>
			<p>{tool.description}</p>
			<pre class="mono-text">{JSON.stringify(tool.arguments, null, 2)}</pre>
		</section>
	);
}
