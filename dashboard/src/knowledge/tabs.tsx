// The frame of the four pages of the knowledge: heading, and links from one to the other.

import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { answersPath, findPath, knowledgePath, questionsPath } from "../paths";
import { useCommands } from "../shell/shortcuts";
import { t as common } from "../text/common";
import { Page } from "../ui/page";
import { useQuestionCount } from "./data";
import { t } from "./texts";

interface KnowledgeProps {
	readonly actions?: ComponentChildren;
	readonly children: ComponentChildren;
}

export function Knowledge({ actions, children }: KnowledgeProps) {
	const { path, route } = useLocation();
	const open = useQuestionCount();
	const tabs = [
		{ href: knowledgePath, text: t("sources") },
		{ href: answersPath, text: t("answers") },
		{ href: questionsPath, text: t("questions"), count: open },
		{ href: findPath, text: t("find") },
	];
	useCommands(
		tabs
			.filter(({ href }) => href !== path)
			.map(({ href, text }) => ({
				id: `go ${href}`,
				text: common("goTo", { place: text }),
				run: () => route(href),
			})),
	);
	return (
		<Page title={t("title")} lead={t("lead")} actions={actions}>
			<nav class="knowledge-tabs" aria-label={t("title")}>
				{tabs.map(({ href, text, count = 0 }) => (
					<a key={href} href={href} aria-current={path === href ? "page" : undefined}>
						{text}
						{count > 0 && <span class="knowledge-count">{count}</span>}
					</a>
				))}
			</nav>
			{children}
		</Page>
	);
}
