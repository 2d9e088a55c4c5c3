// The pages of the knowledge: one part of the code, because they share most of it.

import type { ComponentType } from "preact";
import { useRoute } from "preact-iso";
import { NotFoundPage } from "../shell/not-found";
import { AnswersPage } from "./answers-page";
import { FindPage } from "./find-page";
import { QuestionsPage } from "./questions-page";
import { SourcePage } from "./source-page";
import { SourcesPage } from "./sources-page";

const PAGES: Readonly<Record<string, ComponentType>> = {
	"": SourcesPage,
	answers: AnswersPage,
	questions: QuestionsPage,
	find: FindPage,
};

export function KnowledgePage() {
	const { page = "", id } = useRoute().params;
	if (page === "sources" && id !== undefined) return <SourcePage />;
	const Shown = (id === undefined && PAGES[page]) || NotFoundPage;
	return <Shown />;
}
