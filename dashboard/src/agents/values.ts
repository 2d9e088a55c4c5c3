// The values of an agent's form: what a field that is left empty means, and how a setting is shown.

import type {
	Agent,
	AgentDefaults,
	AgentFields,
	ModelServer,
} from "../../../workerd/api/openapi/openapi";

/** A text as the server stores it: empty means that the setting counts. */
export function orNull(text: string): string | null {
	return text.trim() === "" ? null : text;
}

/** The host of a model server, which is what people know it by. */
export function hostOf(address: string): string {
	try {
		return new URL(address).host;
	} catch {
		return address;
	}
}

export interface ServerChoice {
	/** Empty: the server of the settings. */
	readonly value: string;
	readonly host: string | null;
	/** The agent has it, but the settings do not. */
	readonly isMissing: boolean;
}

export function serverChoices(
	servers: readonly ModelServer[],
	selected: string | null,
): ServerChoice[] {
	const choices = servers.map(({ key_name: name, base_url: address }) => ({
		value: name ?? "",
		host: hostOf(address),
		isMissing: false,
	}));
	const isKnown = choices.some(({ value }) => value === (selected ?? ""));
	return isKnown ? choices : [...choices, { value: selected ?? "", host: null, isMissing: true }];
}

/** The models that agents of this server use already, and that of the settings: for a server that lists none. */
export function knownModels(
	agents: readonly Agent[],
	defaults: AgentDefaults,
	server: string | null,
): string[] {
	const used = agents.filter((one) => one.key_name === server).map((one) => one.model);
	const all = [...(server === null ? [defaults.model] : []), ...used];
	return [...new Set(all.filter((one): one is string => one !== null && one !== ""))].sort();
}

const READ_ONLY = ["id", "organization_id", "base_url", "created_at", "updated_at"] as const;

/** What a copy of the agent begins with. */
export function fieldsOf(agent: Agent): AgentFields {
	const fields: AgentFields = { ...agent };
	for (const name of READ_ONLY) delete fields[name];
	return fields;
}

/** The server takes no more. */
export const SOURCES_MAX = 64;

/** The sources with one more, or one less. */
export function withSource(chosen: readonly string[], id: string, isChosen: boolean): string[] {
	const others = chosen.filter((one) => one !== id);
	return isChosen ? [...others, id] : others;
}

/** The server takes no more. */
export const FALLBACKS_MAX = 3;

/** Reads further members of a request. A text that is not valid JSON stays a text, which the server refuses. */
export function extraOf(text: string): Agent["extra"] {
	if (text.trim() === "") return null;
	try {
		return JSON.parse(text);
	} catch {
		return text as never;
	}
}

export function textOfExtra(extra: Agent["extra"] | string): string {
	if (typeof extra === "string") return extra;
	return extra === null ? "" : JSON.stringify(extra, null, 2);
}
