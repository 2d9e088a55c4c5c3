// The settings: a list of sections beside the open one; on phones, the list is a page of its own.

import { useEffect } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { useIsNarrow } from "../hooks/use-narrow";
import { settingsPath } from "../paths";
import { useIsOwner, useMe } from "../shell/me";
import { NotFoundPage } from "../shell/not-found";
import { useCommands } from "../shell/shortcuts";
import { t as common } from "../text/common";
import { BackLink } from "../ui/back-link";
import { Icon } from "../ui/icon";
import { Skeleton } from "../ui/skeleton";
import { OwnersOnly } from "./loaded";
import { OpenSection } from "./open-section";
import { GROUPS, type Section, sectionOf, sectionsFor } from "./sections";
import { t } from "./texts";

export function SettingsPage() {
	const { page = "", id } = useRoute().params;
	const { route } = useLocation();
	const isNarrow = useIsNarrow();
	useEffect(() => {
		if (page === "" && !isNarrow) route(settingsPath("profile"), true);
	}, [page, isNarrow]);
	const isOwner = useIsOwner();
	useCommands(
		sectionsFor(isOwner).map((one) => ({
			id: `settings/${one.page}`,
			text: `${t("title")}: ${t(one.title)}`,
			run: () => route(settingsPath(one.page)),
		})),
	);
	const section = sectionOf(page);
	if (page !== "" && !section) return <NotFoundPage />;
	if (isNarrow && !section) return <SectionMenu />;
	return (
		<main class="page page-wide settings" id="main" tabIndex={-1}>
			{isNarrow ? <BackLink href="/settings" text={t("title")} /> : <SectionList current={page} />}
			{section && <OneSection key={`${section.page} ${id}`} section={section} id={id} />}
		</main>
	);
}

interface OneSectionProps {
	readonly section: Section;
	readonly id: string | undefined;
}

function OneSection({ section, id }: OneSectionProps) {
	const { data: me } = useMe();
	useTitle(t(section.title));
	useArrival(focusHeading);
	const isRefused = section.isForOwners && me !== null && me.role !== "owner";
	return (
		<div class="settings-section">
			<h1 tabIndex={-1}>{t(section.title)}</h1>
			{isRefused ? (
				<OwnersOnly />
			) : section.isForOwners && me === null ? (
				<Skeleton rows={3} kind="form" />
			) : (
				<OpenSection section={section} id={id} />
			)}
		</div>
	);
}

/** The first page of the settings on a phone. */
function SectionMenu() {
	useTitle(t("title"));
	useArrival(focusHeading);
	return (
		<main class="page settings-menu" id="main" tabIndex={-1}>
			<div class="page-head">
				<h1 tabIndex={-1}>{t("title")}</h1>
			</div>
			<SectionList current="" />
		</main>
	);
}

function SectionList({ current }: { readonly current: string }) {
	const { data: me } = useMe();
	const isOwner = me?.role === "owner";
	return (
		<nav class="settings-nav" aria-label={t("title")}>
			{GROUPS.map((group) => {
				const shown = group.sections.filter((one) => isOwner || !one.isForOwners);
				return (
					<div key={group.title}>
						<h2 class="settings-nav-title">{t(group.title)}</h2>
						<ul>
							{shown.map((one) => (
								<li key={one.page}>
									<a
										class="settings-link"
										href={settingsPath(one.page)}
										aria-current={one.page === current ? "page" : undefined}
									>
										<Icon name={one.icon} />
										<span>{t(one.title)}</span>
										<Icon name="forward" />
									</a>
								</li>
							))}
						</ul>
					</div>
				);
			})}
			<p class="settings-organization">
				{me?.organization.name}
				{me && <span class="quiet"> · {isOwner ? common("owner") : t("member")}</span>}
			</p>
		</nav>
	);
}
