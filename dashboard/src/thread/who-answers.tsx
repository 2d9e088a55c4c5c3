// Above the text field while somebody else answers: the model, or another operator. A reply takes over, under the name
// that stands here.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../ui/button";
import type { Holder } from "./operator";
import { t } from "./texts";

interface WhoAnswersProps {
	readonly holder: Holder;
	readonly holderName: string;
	readonly name: string;
	readonly onName: (name: string) => void;
}

export function WhoAnswers({ holder, holderName, name, onName }: WhoAnswersProps) {
	const [isEditing, setEditing] = useState(name === "");
	const field = useRef<HTMLInputElement>(null);
	const wasEditing = useRef(isEditing);
	useLayoutEffect(() => {
		if (isEditing && !wasEditing.current) field.current?.select();
		wasEditing.current = isEditing;
	}, [isEditing]);
	return (
		<div class="who-answers">
			<p class="who-answers-text">
				{holder === "other" ? t("otherAnswers", { name: holderName }) : t("modelAnswers")}
			</p>
			{isEditing ? (
				<label class="who-answers-name">
					<span>{t("yourName")}</span>
					<input
						class="input"
						type="text"
						autocomplete="name"
						maxLength={100}
						value={name}
						ref={field}
						onInput={(event) => onName(event.currentTarget.value)}
					/>
				</label>
			) : (
				<Button
					isSmall
					kind="quiet"
					aria-label={`${t("asName", { name })}: ${t("yourName")}`}
					title={t("yourName")}
					onClick={() => setEditing(true)}
				>
					<span class="who-answers-as">{t("asName", { name })}</span>
				</Button>
			)}
		</div>
	);
}
