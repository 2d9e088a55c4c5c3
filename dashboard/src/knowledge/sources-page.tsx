// All sources, and a new one.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useNow } from "../hooks/use-now";
import { sourcePath } from "../paths";
import { useSources } from "../shell/all-sources";
import { useIsOwner } from "../shell/me";
import { useCommands } from "../shell/shortcuts";
import { Blank } from "../ui/blank";
import { Button } from "../ui/button";
import { Total } from "../ui/end-of-list";
import { Skeleton } from "../ui/skeleton";
import { TroubleLine, TroubleScreen } from "../ui/trouble";
import { SourceDialog } from "./source-dialog";
import { SourceRow } from "./source-row";
import { Knowledge } from "./tabs";
import { t } from "./texts";
import { Unused } from "./unused";

export function SourcesPage() {
	const { route } = useLocation();
	const { data, error, refresh } = useSources();
	const isOwner = useIsOwner();
	const now = useNow();
	const [isCreating, setCreating] = useState(false);
	useCommands(
		isOwner
			? [{ id: "source-new", text: t("newSource"), key: "c", run: () => setCreating(true) }]
			: [],
	);
	const button = isOwner && (
		<Button kind="main" icon="plus" onClick={() => setCreating(true)}>
			{t("newSource")}
		</Button>
	);

	return (
		<Knowledge actions={data && data.length > 0 && button}>
			{data && error && <TroubleLine error={error} retry={refresh} />}
			{!data && error && <TroubleScreen error={error} retry={refresh} />}
			{!data && !error && <Skeleton rows={3} />}
			{data && data.length > 0 && <Unused />}
			{data?.length === 0 && (
				<Blank icon="book" title={t("noSources")}>
					<p>{isOwner ? t("noSourcesText") : t("noSourcesMember")}</p>
					{button}
				</Blank>
			)}
			{data && data.length > 0 && (
				<>
					<ul class="knowledge-list" aria-label={t("sources")}>
						{data.map((source) => (
							<SourceRow key={source.id} source={source} now={now} />
						))}
					</ul>
					<Total count={data.length} />
				</>
			)}
			{isCreating && (
				<SourceDialog
					onCreated={(id) => route(sourcePath(id))}
					onClose={() => setCreating(false)}
				/>
			)}
		</Knowledge>
	);
}
