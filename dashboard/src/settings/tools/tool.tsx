// One tool, or a new one: its fields, and a call to try it.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Tool, ToolFields, ToolTest } from "../../../../workerd/api/openapi/openapi";
import type { Answer } from "../../api/client";
import { forgetLists, useData, useDesk } from "../../api/desk";
import { toast, toastError } from "../../shell/toasts";
import { t as common } from "../../text/common";
import { Blank } from "../../ui/blank";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Confirm } from "../../ui/dialog";
import { Segments, SwitchField, TextField } from "../../ui/field";
import { useFormDrafts } from "../../ui/form-drafts";
import { RecordForm } from "../../ui/record-form";
import { type Form, useForm } from "../../ui/use-form";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { McpCard } from "./mcp-card";
import { TOOLS, toolPath } from "./paths";

/** What the form has: members that are JSON as text, and the list of pointers as lines. */
interface Editable {
	readonly name: string;
	readonly description: string;
	readonly enabled: boolean;
	readonly method: Tool["method"];
	readonly url: string;
	readonly arguments: string;
	readonly requestHeaders: string;
	readonly body: string;
	readonly result: string;
	readonly timeoutMs: string;
	readonly needsIdentity: boolean;
	readonly class: Tool["class"];
	readonly confirmation: string;
	readonly approveAbove: string;
	readonly idempotent: boolean;
	/** A new one; empty: it stays. */
	readonly secret: string;
}

const pretty = (value: unknown): string =>
	Object.keys(value as object).length === 0 ? "" : JSON.stringify(value, null, 2);

const editableOf = (tool: Tool): Editable => ({
	name: tool.name,
	description: tool.description,
	enabled: tool.enabled,
	method: tool.method,
	url: tool.url,
	arguments: pretty(tool.arguments),
	requestHeaders: pretty(tool.requestHeaders),
	body: tool.body ?? "",
	result: tool.result.join("\n"),
	timeoutMs: String(tool.timeoutMs),
	needsIdentity: tool.needsIdentity,
	class: tool.class,
	confirmation: tool.confirmation ?? "",
	approveAbove: pretty(tool.approveAbove),
	idempotent: tool.idempotent,
	secret: "",
});

/** A text that is not valid JSON stays a text, which the server refuses. */
function parsed(text: string): unknown {
	if (text.trim() === "") return {};
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/** The body of a request, of what was changed. */
function fieldsOf(changes: Partial<Editable>): ToolFields {
	const { arguments: args, requestHeaders, body, result, timeoutMs, secret, ...more } = changes;
	const { confirmation, approveAbove, ...rest } = more;
	return {
		...rest,
		...(args !== undefined && { arguments: parsed(args) }),
		...(requestHeaders !== undefined && { requestHeaders: parsed(requestHeaders) }),
		...(body !== undefined && { body: body.trim() === "" ? null : body }),
		...(result !== undefined && {
			result: result.split("\n").filter((line) => line.trim() !== ""),
		}),
		...(confirmation !== undefined && {
			confirmation: confirmation.trim() === "" ? null : confirmation,
		}),
		...(approveAbove !== undefined && { approveAbove: parsed(approveAbove) }),
		// A read has no limits, and its form does not show them.
		...(rest.class === "read" && { approveAbove: {} }),
		...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
		...(secret && { secret }),
	} as ToolFields;
}

const answerOf = (tool: Tool): Answer<Editable> => ({
	data: editableOf(tool),
	etag: `"${tool.updated_at}"`,
});

const EMPTY: Editable = {
	name: "",
	description: "",
	enabled: true,
	method: "get",
	url: "",
	arguments: "",
	requestHeaders: "",
	body: "",
	result: "",
	timeoutMs: "10000",
	needsIdentity: false,
	class: "read",
	confirmation: "",
	approveAbove: "",
	idempotent: false,
	secret: "",
};

export function CreateTool() {
	const desk = useDesk();
	const { route } = useLocation();
	const form = useForm<Editable>({
		initial: { data: EMPTY, etag: undefined },
		draft: "tool-form:new",
		async send(_, value) {
			const tool = await desk.api.post("/v1/admin/tools", { body: fieldsOf(value) });
			forgetLists(desk, "tools");
			route(toolPath(tool.id), true);
			return { data: EMPTY, etag: undefined };
		},
	});
	return (
		<Card title={t("toolNew")}>
			<RecordForm form={form} action={t("toolCreate")} isNew>
				<Fields form={form} hasSecret={false} />
			</RecordForm>
		</Card>
	);
}

export function ToolPage({ id }: { readonly id: string }) {
	const remote = useData<Tool>(`tool/${id}`, (api) => ({
		load: (signal) => api.read("/v1/admin/tools/{toolId}", { path: { toolId: id }, signal }),
		kinds: ["tool"],
		isAffected: (change) => change.id === id,
	}));
	if (remote.error?.status === 404 || remote.error?.status === 400)
		return (
			<Blank title={t("toolGone")} icon="search">
				<p>{t("toolGoneText")}</p>
			</Blank>
		);
	return (
		<Loaded remote={remote}>
			{(tool) => <OneTool tool={tool} etag={remote.etag} onSaved={remote.set} />}
		</Loaded>
	);
}

interface OneToolProps {
	readonly tool: Tool;
	readonly etag: string | undefined;
	readonly onSaved: (tool: Tool, etag?: string) => void;
}

function OneTool({ tool, etag, onSaved }: OneToolProps) {
	const { api } = useDesk();
	const path = { toolId: tool.id };
	const form = useForm<Editable>({
		initial: { data: editableOf(tool), etag },
		draft: `tool-form:${tool.id}`,
		receive: (record) => editableOf(record as Tool),
		async send(changes, _, ifMatch) {
			const body = fieldsOf(changes);
			const saved = await api.put("/v1/admin/tools/{toolId}", { path, body, ifMatch });
			const answer = answerOf(saved);
			onSaved(saved, answer.etag);
			toast({ text: common("saved") });
			return answer;
		},
	});
	return (
		<>
			{tool.mcpTool !== null && (
				<McpCard
					tool={tool}
					onAccepted={(accepted) => {
						const answer = answerOf(accepted);
						onSaved(accepted, answer.etag);
						form.renew(answer);
					}}
				/>
			)}
			<Card>
				<RecordForm form={form}>
					<SwitchField
						label={t("toolEnabled")}
						isOn={form.value.enabled}
						onValue={(enabled) => form.set({ enabled })}
					/>
					<Fields form={form} hasSecret={tool.hasSecret} isMcp={tool.mcpTool !== null} />
				</RecordForm>
			</Card>
			<TryCard tool={tool} />
			<DeleteCard tool={tool} />
		</>
	);
}

interface FieldsProps {
	readonly form: Form<Editable>;
	readonly hasSecret: boolean;
	/** MCP says what the request is. */
	readonly isMcp?: boolean;
}

function Fields({ form, hasSecret, isMcp = false }: FieldsProps) {
	const { value, errors, set } = form;
	return (
		<>
			<TextField
				label={t("toolName")}
				hint={t("toolNameHint")}
				isMono
				maxLength={64}
				placeholder="find_order"
				value={value.name}
				error={errors.name}
				onValue={(name) => set({ name })}
			/>
			<TextField
				label={t("toolDescription")}
				hint={t("toolDescriptionHint")}
				rows={2}
				maxLength={1000}
				value={value.description}
				error={errors.description}
				onValue={(description) => set({ description })}
			/>
			<TextField
				label={t("toolArguments")}
				hint={t("toolArgumentsHint")}
				isMono
				rows={8}
				placeholder={'{"type":"object","properties":{"order":{"type":"string"}}}'}
				value={value.arguments}
				error={errors.arguments}
				onValue={(text) => set({ arguments: text })}
			/>
			{!isMcp && (
				<div class="field">
					<Segments<Editable["method"]>
						label={t("toolMethod")}
						value={value.method}
						choices={[
							{ value: "get", text: "GET" },
							{ value: "post", text: "POST" },
						]}
						onValue={(method) => set({ method })}
					/>
				</div>
			)}
			<TextField
				label={t("toolUrl")}
				hint={t(isMcp ? "mcpUrlHint" : "toolUrlHint")}
				isMono
				maxLength={2048}
				placeholder="https://shop.example/api/orders/{{args.order}}?customer={{visitor.user_id}}"
				value={value.url}
				error={errors.url}
				onValue={(url) => set({ url })}
			/>
			{value.method === "post" && !isMcp && (
				<TextField
					label={t("toolBody")}
					hint={t("toolBodyHint")}
					isMono
					rows={4}
					value={value.body}
					error={errors.body}
					onValue={(body) => set({ body })}
				/>
			)}
			<TextField
				label={t("toolHeaders")}
				hint={t("toolHeadersHint")}
				isMono
				rows={3}
				placeholder={'{"Authorization":"Bearer {{secret}}"}'}
				value={value.requestHeaders}
				error={errors.requestHeaders}
				onValue={(requestHeaders) => set({ requestHeaders })}
			/>
			<TextField
				label={t("toolSecret")}
				hint={t(hasSecret ? "toolSecretKept" : "toolSecretHint")}
				type="password"
				autocomplete="off"
				maxLength={1024}
				value={value.secret}
				error={errors.secret}
				onValue={(secret) => set({ secret })}
			/>
			<TextField
				label={t("toolResult")}
				hint={t("toolResultHint")}
				isMono
				rows={3}
				placeholder="/state"
				value={value.result}
				error={errors.result}
				onValue={(result) => set({ result })}
			/>
			<TextField
				label={t("toolTimeout")}
				type="number"
				min={100}
				max={15000}
				value={value.timeoutMs}
				error={errors.timeoutMs}
				onValue={(timeoutMs) => set({ timeoutMs })}
			/>
			<SwitchField
				label={t("toolIdentity")}
				hint={t("toolIdentityHint")}
				isOn={value.needsIdentity}
				onValue={(needsIdentity) => set({ needsIdentity })}
			/>
			<ClassFields form={form} />
		</>
	);
}

/** What it needs before it is called. */
function ClassFields({ form }: Pick<FieldsProps, "form">) {
	const { value, errors, set } = form;
	return (
		<>
			<div class="field">
				<span class="field-label" aria-hidden="true">
					{t("toolClass")}
				</span>
				<Segments<Editable["class"]>
					label={t("toolClass")}
					value={value.class}
					choices={[
						{ value: "read", text: t("toolRead") },
						{ value: "confirm", text: t("toolConfirm") },
						{ value: "approve", text: t("toolApprove") },
					]}
					onValue={(kind) => set({ class: kind })}
				/>
				{errors.class && <p class="field-error">{errors.class}</p>}
			</div>
			{value.class !== "read" && (
				<>
					<TextField
						label={t("toolConfirmation")}
						hint={t("toolConfirmationHint")}
						rows={2}
						maxLength={500}
						placeholder="Refund {{args.amount}} for the order {{args.order}}"
						value={value.confirmation}
						error={errors.confirmation}
						onValue={(confirmation) => set({ confirmation })}
					/>
					<TextField
						label={t("toolAbove")}
						hint={t("toolAboveHint")}
						isMono
						placeholder={'{"amount":50}'}
						value={value.approveAbove}
						error={errors.approveAbove}
						onValue={(approveAbove) => set({ approveAbove })}
					/>
					<SwitchField
						label={t("toolIdempotent")}
						hint={t("toolIdempotentHint")}
						isOn={value.idempotent}
						onValue={(idempotent) => set({ idempotent })}
					/>
				</>
			)}
		</>
	);
}

function TryCard({ tool }: { readonly tool: Tool }) {
	const { api } = useDesk();
	const [args, setArgs] = useState("{}");
	const [userId, setUserId] = useState("");
	const [email, setEmail] = useState("");
	const [result, setResult] = useState<ToolTest | null>(null);
	const [isBusy, setBusy] = useState(false);

	async function run() {
		setBusy(true);
		setResult(null);
		try {
			const body = {
				arguments: parsed(args) as Record<string, unknown>,
				userId: userId || null,
				email: email || null,
			};
			const path = { toolId: tool.id };
			setResult(await api.post("/v1/admin/tools/{toolId}/test", { path, body }));
		} catch (reason) {
			toastError(reason);
		}
		setBusy(false);
	}

	return (
		<Card
			title={t("toolTry")}
			hint={t("toolTryHint")}
			actions={
				<Button isBusy={isBusy} icon="send" onClick={run}>
					{t("toolTryNow")}
				</Button>
			}
		>
			<TextField label={t("toolArguments")} isMono rows={3} value={args} onValue={setArgs} />
			<TextField label={t("toolTryUser")} value={userId} onValue={setUserId} />
			<TextField label={t("toolTryEmail")} type="email" value={email} onValue={setEmail} />
			<div role="status">{result && <Result result={result} />}</div>
		</Card>
	);
}

function Result({ result }: { readonly result: ToolTest }) {
	const { request, state, status, ms } = result;
	return (
		<>
			<p class={state === "done" ? "settings-good" : "settings-bad"}>
				{t(state === "done" ? "toolTryDone" : "toolTryFailed", { status: status ?? "–", ms })}
			</p>
			{request && (
				<p class="mono-text">
					{request.method} {request.url}
				</p>
			)}
			{request?.body && <pre class="mono-text tool-text">{request.body}</pre>}
			<pre class="mono-text tool-text">{result.result}</pre>
		</>
	);
}

function DeleteCard({ tool }: { readonly tool: Tool }) {
	const desk = useDesk();
	const { route } = useLocation();
	const drafts = useFormDrafts();
	const [isAsking, setAsking] = useState(false);

	async function remove() {
		await desk.api.delete("/v1/admin/tools/{toolId}", { path: { toolId: tool.id } });
		forgetLists(desk, "tools");
		drafts.drop(`tool-form:${tool.id}`);
		toast({ text: t("toolDeleted") });
		route(TOOLS, true);
	}

	return (
		<div class="settings-foot">
			<Button icon="trash" onClick={() => setAsking(true)}>
				{t("toolDelete")}
			</Button>
			{isAsking && (
				<Confirm
					title={t("toolDeleteTitle")}
					action={t("toolDelete")}
					isDangerous
					onConfirm={remove}
					onClose={() => setAsking(false)}
				>
					<p>{t("toolDeleteText")}</p>
				</Confirm>
			)}
		</div>
	);
}
