// One source: how far it is read, its pages, and its settings.

import { useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import type { Source } from "../../../workerd/api/openapi/openapi";
import { type Data, forgetLists, useDesk } from "../api/desk";
import { knowledgePath } from "../paths";
import { ALL_SOURCES } from "../shell/all-sources";
import { useIsOwner } from "../shell/me";
import { useCommands } from "../shell/shortcuts";
import { toast, toastError } from "../shell/toasts";
import { t as common } from "../text/common";
import { BackLink } from "../ui/back-link";
import { Blank } from "../ui/blank";
import { Button, ButtonLink } from "../ui/button";
import { CopyButton } from "../ui/copy-button";
import { Confirm } from "../ui/dialog";
import { Segments } from "../ui/field";
import { Icon } from "../ui/icon";
import { Menu } from "../ui/menu";
import { Page } from "../ui/page";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { useSource } from "./data";
import { PagesPane } from "./pages-pane";
import { SourceForm } from "./source-form";
import { SourceStateCard } from "./source-state-card";
import { t } from "./texts";
import { Unused } from "./unused";
import { UploadBox } from "./upload-box";

export function SourcePage() {
	const id = useRoute().params.id ?? "";
	// Another source is another page, with nothing of this one's state.
	return <OneSource key={id} id={id} />;
}

/** A function: the texts are not loaded when this module is. */
const back = () => <BackLink href={knowledgePath} text={t("title")} />;

function OneSource({ id }: { readonly id: string }) {
	const source = useSource(id);
	if (source.error?.status === 404 || source.error?.status === 400)
		return (
			<Page title={common("notFound")}>
				<Blank icon="book" title={t("gone")}>
					<p>{t("goneText")}</p>
					<ButtonLink href={knowledgePath}>{t("toList")}</ButtonLink>
				</Blank>
			</Page>
		);
	if (source.data) return <SourceDetails source={source} data={source.data} />;
	return (
		<Page title={t("source")} back={back()}>
			{source.error ? (
				<TroubleScreen error={source.error} retry={source.refresh} />
			) : (
				<Skeleton rows={6} kind="form" />
			)}
		</Page>
	);
}

interface SourceDetailsProps {
	readonly source: Data<Source>;
	readonly data: Source;
}

function SourceDetails({ source, data }: SourceDetailsProps) {
	const desk = useDesk();
	const { api } = desk;
	const { route } = useLocation();
	const isOwner = useIsOwner();
	const [view, setView] = useState<"pages" | "settings">("pages");
	const [isDeleting, setDeleting] = useState(false);
	const path = { sourceId: data.id };
	const isCrawled = data.kind === "site" || data.kind === "page";

	async function crawl() {
		try {
			const state = await api.post("/v1/admin/sources/{sourceId}/crawl", { path });
			source.set({ ...data, state }, undefined);
			toast({ text: t("crawlAsked") });
		} catch (reason) {
			toastError(reason);
		}
	}

	const isReading = data.state.state === "running" || data.state.asked;
	const mayCrawl = isCrawled && data.enabled && !isReading;
	const commands = [
		...(mayCrawl ? [{ id: "source-read", text: t("readAgain"), run: () => void crawl() }] : []),
		{ id: "source-delete", text: t("deleteSource"), run: () => setDeleting(true) },
	];
	useCommands(isOwner ? commands : []);

	async function remove() {
		await api.delete("/v1/admin/sources/{sourceId}", { path });
		forgetLists(desk, ALL_SOURCES);
		toast({ text: t("deleted", { name: data.name }) });
		route(knowledgePath, true);
	}

	const actions = isOwner && (
		<>
			{isCrawled && (
				<Button icon="refresh" isIdle={!mayCrawl} onClick={crawl}>
					{t("readAgain")}
				</Button>
			)}
			<Menu
				label={common("more")}
				items={[
					{
						text: t("deleteSource"),
						icon: "trash",
						isDangerous: true,
						run: () => setDeleting(true),
					},
				]}
			>
				<Icon name="more" />
			</Menu>
		</>
	);

	return (
		<Page title={data.name} back={back()} actions={actions}>
			{source.error && <TroubleLine error={source.error} retry={source.refresh} />}
			<Unused source={data} />
			<SourceStateCard source={source} data={data} mayDecide={isOwner} />
			{data.kind === "files" && isOwner && <UploadBox sourceId={data.id} />}
			{data.kind === "pushed" && <PushHelp sourceId={data.id} />}
			{isOwner && (
				<div class="source-views">
					<Segments
						label={t("view")}
						value={view}
						choices={[
							{ value: "pages", text: t(data.kind === "files" ? "filesTitle" : "pagesTitle") },
							{ value: "settings", text: common("settings") },
						]}
						onValue={setView}
					/>
				</div>
			)}
			{view === "pages" && <PagesPane source={data} mayDelete={isOwner} />}
			{view === "settings" && <SourceForm source={source} data={data} />}
			{isDeleting && (
				<Confirm
					title={t("deleteTitle", { name: data.name })}
					action={common("delete")}
					isDangerous
					onConfirm={remove}
					onClose={() => setDeleting(false)}
				>
					<p>{t("deleteText", { count: data.state.pages.read })}</p>
				</Confirm>
			)}
		</Page>
	);
}

/** How a program sends pages. */
function PushHelp({ sourceId }: { readonly sourceId: string }) {
	const command = [
		"curl -X PUT -H 'Authorization: Bearer $ADMIN_API_KEY' -H 'Content-Type: text/html' \\",
		"  --data-binary @page.html \\",
		`  '${location.origin}/v1/admin/sources/${sourceId}/content?url=https://example.com/page'`,
	].join("\n");
	return (
		<section class="card">
			<p>{t("pushHelp")}</p>
			<pre class="push-command mono">{command}</pre>
			<CopyButton text={command} />
		</section>
	);
}
