// Loads the code of a section and shows it.

import type { ComponentType } from "preact";
import { useEffect, useReducer } from "preact/hooks";
import { t as common } from "../text/common";
import { Blank } from "../ui/blank";
import { Skeleton } from "../ui/skeleton";
import { RetryButton } from "../ui/trouble";
import type { Section, SectionProps } from "./sections";

const loaded = new Map<string, ComponentType<SectionProps> | "failed">();

interface OpenSectionProps extends SectionProps {
	readonly section: Section;
}

export function OpenSection({ section, id }: OpenSectionProps) {
	const [, changed] = useReducer((n: number) => n + 1, 0);

	async function load() {
		try {
			loaded.set(section.page, await section.load());
		} catch {
			loaded.set(section.page, "failed");
		}
		changed(undefined);
	}

	useEffect(() => {
		if (typeof loaded.get(section.page) !== "function") void load();
	}, [section]);

	const Code = loaded.get(section.page);
	if (Code === undefined) return <Skeleton rows={3} kind="form" />;
	if (Code === "failed")
		return (
			<Blank title={common("errorNetwork")} icon="warning">
				<RetryButton retry={load} label={common("tryAgain")} />
			</Blank>
		);
	return <Code id={id} />;
}
