// Which of the settings' model servers is asked.

import type { Agents } from "../shell/all-agents";
import { SelectField } from "../ui/field";
import { t } from "./texts";
import { orNull, type ServerChoice, serverChoices } from "./values";

interface ServerFieldProps {
	/** Its name in the settings; null: the default one. */
	readonly server: string | null;
	/** Shown, too, if the settings do not have it. */
	readonly saved: string | null;
	readonly onServer: (server: string | null) => void;
	readonly hint?: string;
	readonly error: string | undefined;
	readonly surroundings: Agents;
}

function serverText({ value, host, isMissing }: ServerChoice): string {
	if (isMissing) return t("serverMissing", { name: value });
	return value === "" ? t("serverOfSettings", { host: host ?? "" }) : `${value} (${host})`;
}

export function ServerField(props: ServerFieldProps) {
	const { server, saved, onServer, hint, error, surroundings } = props;
	return (
		<SelectField
			label={t("server")}
			hint={hint}
			value={server ?? ""}
			choices={serverChoices(surroundings.servers, saved).map((choice) => ({
				value: choice.value,
				text: serverText(choice),
			}))}
			onValue={(name) => onServer(orNull(name))}
			error={error}
		/>
	);
}
