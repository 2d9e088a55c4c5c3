// Selects to whom a conversation is assigned.

import { useState } from "preact/hooks";
import { t } from "../text/common";
import { Avatar } from "../ui/avatar";
import { Chooser } from "../ui/chooser";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { type Availability, availabilityName, useMe } from "./me";
import { usePeople } from "./people";
import { toast } from "./toasts";

export interface AssignDialogProps {
	/** null: nobody. */
	readonly assignedTo: string | null;
	/** Settles with whether the server has it; says itself what went wrong. */
	readonly onAssign: (person: string | null) => Promise<boolean>;
	readonly onClose: () => void;
}

interface Choice {
	/** null: nobody. */
	readonly id: string | null;
	readonly name: string;
	readonly picture: string | null;
	readonly availability?: Availability;
}

export function AssignDialog({ assignedTo, onAssign, onClose }: AssignDialogProps) {
	const me = useMe().data?.user?.id;
	const people = usePeople();
	const [letters, setLetters] = useState("");
	const all: readonly Choice[] = [...people, { id: null, name: t("nobody"), picture: null }];
	const wanted = letters.trim().toLowerCase();

	async function pick({ id, name }: Choice) {
		onClose();
		const isDone = await onAssign(id);
		if (isDone) toast({ text: id === null ? t("wasUnassigned") : t("wasAssigned", { name }) });
	}

	return (
		<Dialog title={t("assign")} onClose={onClose}>
			<Chooser
				label={t("assignHint")}
				listLabel={t("assign")}
				letters={letters}
				onLetters={setLetters}
				choices={all.filter(({ name }) => name.toLowerCase().includes(wanted))}
				keyOf={({ id }) => id ?? ""}
				onPick={(choice) => void pick(choice)}
				none={t("nobodyFound")}
			>
				{({ id, name, picture, availability }) => (
					<>
						{id === null ? (
							<span class="choice-nobody">
								<Icon name="close" />
							</span>
						) : (
							<Avatar name={id} person={name} picture={picture} size="small" />
						)}
						<span class="choice-text">
							{id !== null && id === me ? `${name} (${t("me")})` : name}
						</span>
						{availability && (
							<span class="choice-state">
								<span class={`presence presence-${availability}`} />
								{availabilityName(availability)}
							</span>
						)}
						{id === assignedTo && (
							<>
								<Icon name="check" />
								<span class="unseen">{t("assignedNow")}</span>
							</>
						)}
					</>
				)}
			</Chooser>
		</Dialog>
	);
}
