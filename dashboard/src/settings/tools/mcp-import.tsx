// Tools of an MCP server: asks it what it has, and makes tools of those that are chosen.

import { useState } from "preact/hooks";
import type {
	McpServer,
	McpTool,
	McpTools,
	Tool,
	ToolFields,
} from "../../../../workerd/api/openapi/openapi";
import { forgetLists, useDesk } from "../../api/desk";
import { toast } from "../../shell/toasts";
import { Badge } from "../../ui/badge";
import { DialogForm } from "../../ui/dialog-form";
import { SelectField, TextField } from "../../ui/field";
import { t } from "../texts";

interface ImportProps {
	readonly onClose: () => void;
}

type Class = Tool["class"];

/** The class of each tool that is chosen, by its name at the server. */
type Chosen = Readonly<Record<string, Class>>;

/** Members of a tool, as the server describes it. */
export const membersOf = ({ mcpTool, mcpPin, description, ...tool }: McpTool): ToolFields => ({
	mcpTool,
	mcpPin,
	description,
	arguments: tool.arguments,
});

export function McpImport({ onClose }: ImportProps) {
	const desk = useDesk();
	const [url, setUrl] = useState("");
	const [secret, setSecret] = useState("");
	const [found, setFound] = useState<McpTools | null>(null);
	const [chosen, setChosen] = useState<Chosen>({});

	const server: McpServer = {
		url: url.trim(),
		...(secret && { secret, requestHeaders: { Authorization: "Bearer {{secret}}" } }),
	};

	async function ask() {
		setFound(await desk.api.post("/v1/admin/mcp-tools", { body: server }));
	}

	async function make(tools: readonly McpTool[], mcpVersion: McpTools["mcpVersion"]) {
		for (const tool of tools) {
			const { name, confirmation } = tool;
			const kind = chosen[tool.mcpTool] ?? "confirm";
			const members = { ...membersOf(tool), name, confirmation, class: kind };
			const body = { ...server, ...members, method: "post", mcpVersion } as ToolFields;
			await desk.api.post("/v1/admin/tools", { body });
			// The next try is without it.
			setChosen(({ [tool.mcpTool]: _, ...rest }) => rest);
		}
		forgetLists(desk, "tools");
		toast({ text: t("mcpImported", { n: tools.length }) });
		onClose();
	}

	if (!found)
		return (
			<DialogForm
				key="server"
				title={t("mcpImport")}
				action={t("mcpAsk")}
				send={ask}
				onClose={onClose}
			>
				{(errors) => (
					<>
						<p class="dialog-text">{t("mcpImportText")}</p>
						<TextField
							label={t("toolUrl")}
							type="url"
							isMono
							maxLength={2048}
							placeholder="https://shop.example/mcp"
							value={url}
							error={errors.url}
							onValue={setUrl}
						/>
						<TextField
							label={t("toolSecret")}
							hint={t("mcpSecretHint")}
							type="password"
							autocomplete="off"
							maxLength={1024}
							value={secret}
							error={errors.secret}
							onValue={setSecret}
						/>
					</>
				)}
			</DialogForm>
		);
	const wanted = found.tools.filter(({ mcpTool }) => mcpTool in chosen);
	return (
		<DialogForm
			key="tools"
			title={t("mcpChoose", { n: found.tools.length })}
			action={t("mcpMake")}
			send={() => make(wanted, found.mcpVersion)}
			onClose={onClose}
		>
			{(errors) => (
				<>
					<p class="dialog-text">{t("mcpChooseText")}</p>
					<ul class="mcp-tools">
						{found.tools.map((tool) => (
							<Choice key={tool.mcpTool} tool={tool} chosen={chosen} onChosen={setChosen} />
						))}
					</ul>
					<p class="field-error" role="alert">
						{Object.values(errors).join(" ")}
					</p>
				</>
			)}
		</DialogForm>
	);
}

interface ChoiceProps {
	readonly tool: McpTool;
	readonly chosen: Chosen;
	readonly onChosen: (chosen: Chosen) => void;
}

function Choice({ tool, chosen, onChosen }: ChoiceProps) {
	const { mcpTool, title, description, problem, annotations } = tool;
	const { [mcpTool]: kind, ...others } = chosen;
	return (
		<li class="mcp-tool">
			<label class="settings-check">
				<input
					type="checkbox"
					checked={kind !== undefined}
					disabled={problem !== null}
					onChange={({ currentTarget }) =>
						onChosen(currentTarget.checked ? { ...others, [mcpTool]: "confirm" } : others)
					}
				/>
				<span class="mono-text">{mcpTool}</span>
				{annotations.readOnlyHint === true && <Badge>{t("mcpSaysRead")}</Badge>}
			</label>
			<p class="quiet">
				{title && title !== description ? `${title}: ${description}` : description}
			</p>
			{problem !== null && <p class="settings-bad">{t("mcpProblem", { problem })}</p>}
			{kind !== undefined && (
				<SelectField<Class>
					label={t("toolClass")}
					value={kind}
					choices={[
						{ value: "confirm", text: t("toolConfirm") },
						{ value: "approve", text: t("toolApprove") },
						{ value: "read", text: t("toolRead") },
					]}
					onValue={(next) => onChosen({ ...others, [mcpTool]: next })}
				/>
			)}
		</li>
	);
}
