// Similar open questions: the first one, how many there are, and where visitors asked them.

import type { GapCluster } from "../../../workerd/api/openapi/openapi";
import { conversationPath } from "../paths";
import { words } from "../text/words";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { TimeStamp } from "../ui/time-stamp";
import { t } from "./texts";

interface QuestionRowProps {
	readonly cluster: GapCluster;
	readonly now: number;
	readonly onAnswer: () => void;
	readonly onDismiss: () => void;
}

export function QuestionRow({ cluster, now, onAnswer, onDismiss }: QuestionRowProps) {
	const { question, count, lastAt, gaps } = cluster;
	return (
		<li class="knowledge-row question-row">
			<div class="knowledge-body">
				<p class="question">{question}</p>
				<details class="question-where">
					<summary>
						{t("asked", { count })} <TimeStamp at={lastAt} text={words.relative(lastAt, now)} />
					</summary>
					<ul>
						{gaps.map((gap) => (
							<li key={gap.id}>
								<a href={conversationPath(gap.conversation)}>{gap.question}</a>
							</li>
						))}
					</ul>
				</details>
			</div>
			{count > 1 && <Badge tone="accent">{t("times", { count })}</Badge>}
			<div class="question-actions">
				<Button isSmall kind="main" onClick={onAnswer}>
					{t("answerThis")}
				</Button>
				<Button isSmall kind="quiet" onClick={onDismiss}>
					{t("dismiss")}
				</Button>
			</div>
		</li>
	);
}
