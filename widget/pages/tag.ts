// The script tag and the widget's settings for what the visitor of the playground has chosen.

import { attributeOf, OPTIONS, type Option } from "./options";
import type { Attributes } from "./snippet";

/** The options that differ from the widget's own, by name, as attributes have them. */
export type Choices = ReadonlyMap<string, string>;

/** Which tag: that with a key, or that with a widget's id. */
export type Kind =
	| { readonly tag: "key"; readonly key: string }
	| { readonly tag: "widget"; readonly widget: string };

type Values = Readonly<Record<string, unknown>>;

/** What `settings` have at "teaser.text". */
function read(settings: unknown, path: string): unknown {
	return path.split(".").reduce((value, part) => Object(value)[part], settings);
}

/** A setting as an attribute has it. */
function textOf(value: unknown): string {
	if (Array.isArray(value)) return value.join("\n");
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What applies without an attribute. `record`: the reply of /settings. */
export function baselineOf(option: Option, isKeyed: boolean, record: Values): string {
	const own = option.only === "attribute" ? undefined : read(record.settings, option.name);
	if (own !== undefined) return textOf(own);
	const stored = option.stored === undefined || isKeyed ? undefined : record[option.stored];
	if (typeof stored === "string" || typeof stored === "boolean") return String(stored);
	if (!isKeyed && option.name === "position" && /left/.test(String(record.position))) return "left";
	return (isKeyed ? option.keyed : undefined) ?? option.fallback ?? "";
}

export function attributesFor(origin: string, kind: Kind, choices: Choices): Attributes {
	const own =
		kind.tag === "key"
			? [
					["src", `${origin}/widget/chat-widget.js`],
					["data-api-url", choices.get("apiUrl") || `${origin}/chat`],
					["data-api-key", kind.key],
				]
			: [
					["src", `${origin}/api/widget/embed.js`],
					["data-widget", kind.widget],
				];
	const chosen = OPTIONS.filter(
		({ name, only }) => only !== "setting" && name !== "apiUrl" && choices.has(name),
	).map(({ name }) => [attributeOf(name), choices.get(name) ?? ""]);
	return [...own, ...chosen] as unknown as Attributes;
}

const linesOf = (text: string) =>
	text
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "");

/** An attribute's text as a setting. */
function settingOf({ kind }: Option, text: string): unknown {
	if (kind === "flag") return text === "true";
	if (kind === "number") return Number(text);
	if (kind === "fields" && text.trim() === "all") return undefined;
	if (["lines", "kinds", "paths", "fields"].includes(kind)) return linesOf(text);
	if (kind !== "object") return text;
	try {
		return JSON.parse(text);
	} catch {
		return {};
	}
}

/** The widget's `settings` with the choices, as the admin API takes them: a change replaces all of them. */
export function settingsFor(record: Values, choices: Choices): Values {
	const settings: Record<string, unknown> = { ...Object(record.settings) };
	for (const option of OPTIONS) {
		const text = choices.get(option.name);
		if (text === undefined || option.only === "attribute") continue;
		const [first = "", second] = option.name.split(".");
		const value = settingOf(option, text);
		settings[first] =
			second === undefined ? value : { ...Object(settings[first]), [second]: value };
	}
	return settings;
}
