// Selects to whom a conversation is assigned.

import { useState } from "preact/hooks";
import { useMe } from "../shell/me";
import { usePeople } from "../shell/people";
import { Avatar } from "../ui/avatar";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import type { Actions } from "./actions";
import { t } from "./texts";

interface AssignDialogProps {
	readonly id: string;
	/** null: nobody. */
	readonly assignedTo: string | null;
	readonly actions: Actions;
	readonly onClose: () => void;
}

export function AssignDialog({ id, assignedTo, actions, onClose }: AssignDialogProps) {
	const me = useMe().data?.user?.id;
	const people = usePeople();
	const [letters, setLetters] = useState("");
	const found = people.filter(({ name }) => name.toLowerCase().includes(letters.toLowerCase()));

	const choose = (person: string | null, name: string | null) => () => {
		onClose();
		void actions.assign(id, person, name);
	};

	return (
		<Dialog title={t("assign")} onClose={onClose}>
			{people.length > 5 && (
				<input
					class="input"
					type="text"
					aria-label={t("assignHint")}
					placeholder={t("assignHint")}
					value={letters}
					onInput={(event) => setLetters(event.currentTarget.value)}
				/>
			)}
			<ul class="people">
				{found.map(({ id: person, name }) => (
					<li key={person}>
						<button
							class="person"
							type="button"
							aria-pressed={person === assignedTo}
							onClick={choose(person, name)}
						>
							<Avatar name={person} person={name} size="small" />
							<span class="person-name">{person === me ? `${name} (${t("me")})` : name}</span>
							{person === assignedTo && <Icon name="check" />}
						</button>
					</li>
				))}
				<li>
					<button
						class="person"
						type="button"
						aria-pressed={assignedTo === null}
						onClick={choose(null, null)}
					>
						<span class="person-nobody">
							<Icon name="close" />
						</span>
						<span class="person-name">{t("nobody")}</span>
						{assignedTo === null && <Icon name="check" />}
					</button>
				</li>
			</ul>
			{found.length === 0 && letters !== "" && <p class="quiet">{t("nobodyFound")}</p>}
		</Dialog>
	);
}
