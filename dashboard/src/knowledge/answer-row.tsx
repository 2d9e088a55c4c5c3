// One answer in the list.

import type { Answer } from "../../../workerd/api/openapi/openapi";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { IconButton } from "../ui/button";
import { TimeStamp } from "../ui/time-stamp";
import { t } from "./texts";

interface AnswerRowProps {
	readonly answer: Answer;
	readonly now: number;
	readonly onEdit: () => void;
	readonly onDelete: () => void;
}

export function AnswerRow({ answer, now, onEdit, onDelete }: AnswerRowProps) {
	const { question, text, published, updatedAt } = answer;
	return (
		<li class="knowledge-row answer-row">
			<div class="knowledge-body">
				<button class="knowledge-name link" type="button" onClick={onEdit}>
					{question}
				</button>
				<p class="answer-text">{text}</p>
			</div>
			<div class="source-when">
				{!published && <Badge tone="warn">{t("draft")}</Badge>}
				<span class="quiet">
					<TimeStamp at={updatedAt} text={words.relative(updatedAt, now)} />
				</span>
			</div>
			<span class="row-action">
				<IconButton name="trash" label={t("deleteName", { name: question })} onClick={onDelete} />
			</span>
		</li>
	);
}
