// What an empty inbox shows: five steps to the first conversation. Each one sees by itself when it is done.

import { useEffect, useState } from "preact/hooks";
import { useData, useDesk } from "../api/desk";
import { useWidgetStatus } from "../hooks/use-widget-status";
import { knowledgePath, settingsPath, widgetPath } from "../paths";
import { useAgents } from "../shell/all-agents";
import { useSources } from "../shell/all-sources";
import { useBudgets } from "../shell/budgets";
import { useCounts } from "../shell/counts";
import { describe } from "../text/describe";
import { widgetTag } from "../text/script-tag";
import { Blank } from "../ui/blank";
import { Button, ButtonLink } from "../ui/button";
import { CopyButton } from "../ui/copy-button";
import { lookOf } from "../ui/site-colors";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { checkModel, type ModelState } from "./model-check";
import { type Step, stepStates } from "./progress";
import { StepItem } from "./step";
import { t } from "./texts";

/** Somebody may have just pasted the tag. */
const STATUS_MS = 3_000;
const HIDDEN = "banter:guide-hidden";

function isHiddenByChoice(): boolean {
	try {
		return localStorage.getItem(HIDDEN) !== null;
	} catch {
		return false;
	}
}

function rememberHidden(isHidden: boolean): void {
	try {
		if (isHidden) localStorage.setItem(HIDDEN, "1");
		else localStorage.removeItem(HIDDEN);
	} catch {
		// Then the choice lasts as long as the page.
	}
}

/** A page load asks the model once: it may cost money. */
let asked: { readonly agentId: string; readonly state: ModelState } | null = null;

function useModel(agentId: string | null) {
	const { api } = useDesk();
	const [state, setState] = useState<ModelState>({ is: "asking" });

	async function ask(id: string) {
		setState({ is: "asking" });
		const found = await checkModel(api, id);
		asked = { agentId: id, state: found };
		setState(found);
	}

	useEffect(() => {
		if (agentId === null) return;
		if (asked?.agentId === agentId) setState(asked.state);
		else void ask(agentId);
	}, [agentId]);
	return { state, again: () => (agentId === null ? Promise.resolve() : ask(agentId)) };
}

export function Start() {
	const [isHidden, setHidden] = useState(isHiddenByChoice);
	const hide = (choice: boolean) => {
		rememberHidden(choice);
		setHidden(choice);
	};
	if (!isHidden) return <Guide onHide={() => hide(true)} />;
	return (
		<div class="start">
			<Blank icon="inbox" title={t("empty")}>
				<p>{t("emptyText")}</p>
				<Button onClick={() => hide(false)}>{t("showGuide")}</Button>
			</Blank>
		</div>
	);
}

function Guide({ onHide }: { readonly onHide: () => void }) {
	const widgets = useData("start/widget", (api) => ({
		load: (signal) => api.read("/v1/admin/widgets", { query: { limit: 1 }, signal }),
		kinds: ["widget"],
	}));
	const counts = useCounts();
	const widget = widgets.data?.widgets[0] ?? null;
	const model = useModel(widget?.agent_id ?? null);
	const sources = useSources().data ?? [];
	const agents = useAgents().data?.agents ?? [];
	const status = useWidgetStatus(widget?.id ?? null, STATUS_MS);
	if (!widgets.data)
		return widgets.error ? (
			<TroubleScreen error={widgets.error} retry={widgets.refresh} />
		) : (
			<Skeleton rows={4} />
		);

	const states = stepStates({
		model: model.state,
		widget,
		isSeen: !!status?.lastSeenAt,
		isUsed: sources.length > 0 && agents.some((agent) => agent.knowledge !== "none"),
		conversations: counts.data?.all ?? 0,
	});
	const step = (name: Step, number: number) => ({ number, state: states[name] });
	const look = widget && lookOf(widget.primary_color, widget.text_color);
	const tag = widget && widgetTag(location.origin, widget.widget_id);
	const done = Object.values(states).filter((state) => state === "done").length;

	return (
		<section class="start" aria-labelledby="start-title">
			<div class="start-head">
				<h2 id="start-title">{t("title")}</h2>
				<p>{t("text")}</p>
				<p class="start-progress" role="status">
					{t("progress", { done, all: Object.keys(states).length })}
				</p>
			</div>
			<ol class="steps">
				<StepItem {...step("model", 1)} title={t("model")}>
					<ModelText state={model.state} again={model.again} />
					<DailyBudget />
				</StepItem>
				<StepItem {...step("looks", 2)} title={t("looks")}>
					{widget ? (
						<>
							<p>{t("looksText")}</p>
							<div class="step-row">
								<span
									class="start-sample"
									style={look ? { background: look.ground, color: look.text } : {}}
								>
									{widget.name ?? t("sample")}
								</span>
								<ButtonLink isSmall href={widgetPath(widget.id)}>
									{t("toWidget")}
								</ButtonLink>
							</div>
						</>
					) : (
						<>
							<p>{t("noWidget")}</p>
							<ButtonLink isSmall href="/widgets/create">
								{t("createWidget")}
							</ButtonLink>
						</>
					)}
				</StepItem>
				<StepItem {...step("knowledge", 3)} title={t("knowledge")}>
					<p>
						{states.knowledge === "done"
							? t("knowledgeDone")
							: t(sources.length > 0 ? "knowledgeUnused" : "knowledgeText")}
					</p>
					{states.knowledge !== "done" && (
						<ButtonLink isSmall href={knowledgePath}>
							{t(sources.length > 0 ? "knowledgeUse" : "knowledgeAdd")}
						</ButtonLink>
					)}
				</StepItem>
				<StepItem {...step("tag", 4)} title={t("tag")}>
					<p>{states.tag === "done" ? t("tagDone") : t("tagText")}</p>
					{tag && (
						<>
							<pre class="start-code">
								<code>{tag}</code>
							</pre>
							<CopyButton text={tag} label={t("copyTag")} />
						</>
					)}
				</StepItem>
				<StepItem {...step("hello", 5)} title={t("hello")}>
					<p>{t("helloText")}</p>
					{widget && (
						<ButtonLink
							isSmall
							icon="external"
							opensTab
							href={`/widget-test.html?widget=${encodeURIComponent(widget.widget_id)}`}
						>
							{t("testPage")}
						</ButtonLink>
					)}
				</StepItem>
			</ol>
			<Button kind="quiet" isSmall onClick={onHide}>
				{t("hideGuide")}
			</Button>
		</section>
	);
}

/** What a day may cost at most: without a limit, strangers decide. */
function DailyBudget() {
	const { data } = useBudgets();
	if (!data) return null;
	const limit = data.organization?.dailyTokens ?? null;
	return (
		<p>
			{limit === null ? t("noBudget") : t("budget", { count: limit })}{" "}
			<a href={settingsPath("limits")}>{t(limit === null ? "setBudget" : "changeBudget")}</a>
		</p>
	);
}

interface ModelTextProps {
	readonly state: ModelState;
	readonly again: () => Promise<void>;
}

/** What to do about a failure; the rest is in the server's log. */
const REASONS: Readonly<Record<string, Parameters<typeof t>[0]>> = {
	model_failed: "modelFailed",
	model_timeout: "modelSlow",
	model_busy: "modelBusy",
	model_unavailable: "modelAway",
};

function ModelText({ state, again }: ModelTextProps) {
	const [isBusy, setBusy] = useState(false);
	const isAsking = state.is === "asking";

	async function retry() {
		setBusy(true);
		await again();
		setBusy(false);
	}

	return (
		<>
			<p role="status" class={state.is === "broken" ? "step-problem" : ""}>
				{modelText(state)}
			</p>
			{(!isAsking || isBusy) && (state.is !== "works" || state.isDemo) && (
				<Button isSmall icon="refresh" isBusy={isBusy} onClick={retry}>
					{t("testAgain")}
				</Button>
			)}
		</>
	);
}

function modelText(state: ModelState): string {
	if (state.is === "asking") return t("modelAsking");
	if (state.is === "works") return state.isDemo ? t("modelDemo") : t("modelWorks");
	const reason = REASONS[state.code];
	return reason ? t(reason) : t("modelOther", { reason: describe(state.error) });
}
