// What was read of a page: its passages, as replies get them.

import type { SourcePage } from "../../../workerd/api/openapi/openapi";
import { Blank } from "../ui/blank";
import { Dialog } from "../ui/dialog";
import { Skeleton } from "../ui/skeleton";
import { TroubleScreen } from "../ui/trouble";
import { usePageText } from "./data";
import { t } from "./texts";
import { reasonOf, shortAddress } from "./words";

interface PageTextDialogProps {
	readonly sourceId: string;
	readonly page: SourcePage;
	readonly onClose: () => void;
}

export function PageTextDialog({ sourceId, page, onClose }: PageTextDialogProps) {
	const { data, error, refresh } = usePageText(sourceId, page.id);
	const reason = reasonOf(data ?? page);
	return (
		<Dialog title={page.title ?? shortAddress(page.url)} onClose={onClose} isWide>
			<p class="passage-url">
				{/^https?:/.test(page.url) ? (
					<a href={page.url} target="_blank" rel="noopener noreferrer">
						{page.url}
					</a>
				) : (
					page.url
				)}
			</p>
			{reason !== "" && <p class="knowledge-notice knowledge-warn">{reason}</p>}
			{!data && (error ? <TroubleScreen error={error} retry={refresh} /> : <Skeleton rows={4} />)}
			{data?.passages.length === 0 && <Blank icon="note" title={t("noText")} />}
			{data && data.passages.length > 0 && (
				<ol class="passages">
					{data.passages.map(({ index, heading, text }) => (
						<li class="passage" key={index}>
							{heading !== null && <p class="passage-heading">{heading}</p>}
							<p class="passage-text">{text}</p>
						</li>
					))}
				</ol>
			)}
		</Dialog>
	);
}
