// All settings of the widget, resolved: what the page's script set, over the tag's attributes (with those of its address
// and of banterSettings), over the server's values, over the defaults. A missing or invalid value becomes its default: a
// typo must not remove the chat from the page.

import type { Rgb } from "../color";
import type { Shell } from "../shell";
import type { ThemeName } from "./ui/theme";

export type ContactField = "name" | "email" | "phone";

/** The contact details to ask for. */
export interface ContactWish {
	/** Before the first message. */
	readonly required: boolean;
	readonly fields: readonly ContactField[];
	/** The fields that must be filled in. */
	readonly needed: readonly ContactField[];
}

export interface Settings {
	readonly title: string;
	readonly welcomeMessage: string;
	/** "": the language's text. */
	readonly inputPlaceholder: string;
	readonly theme: ThemeName;
	readonly accent: Rgb;
	/** The text colour on the accent, if the site chose one. */
	readonly onAccent: Rgb | null;
	/** On the button; "": none. */
	readonly picture: string;
	/** Of the panel's corners, in pixels. */
	readonly radius: number;
	/** The page's font instead of the system's. */
	readonly inheritsFont: boolean;
	readonly contact: ContactWish | null;
	/** Replies are shown as they are, without Markdown. */
	readonly plainText: boolean;
	readonly showTimes: boolean;
	/** Visitors may rate replies. */
	readonly rating: boolean;
	/** Visitors may ask for a person. */
	readonly offersPerson: boolean;
	/** "": none. */
	readonly agentName: string;
	/** The address of the agent's picture, or "". */
	readonly avatar: string;
	readonly sound: boolean;
	readonly unreadInTitle: boolean;
	/** Questions that the visitor may start with. */
	readonly starters: readonly string[];
	readonly teaser: Teaser;
	readonly disclosure: Disclosure;
}

/** That an AI answers, before the first message. */
export interface Disclosure {
	readonly show: boolean;
	/** "": the language's text. */
	readonly text: string;
	/** The site's page about privacy; "": none. */
	readonly link: string;
}

/** A message beside the closed button. */
export interface Teaser {
	/** "": none. */
	readonly text: string;
	/** Since the page was loaded. */
	readonly delaySeconds: number;
	/** On these pages only; empty: on all. */
	readonly paths: readonly string[];
	readonly scrollPercent: number;
	readonly oncePerVisitor: boolean;
}

/** What settings are read from. */
export type Sources = Pick<Shell, "record" | "overrides" | "widgetId"> & {
	readonly script: { readonly dataset: Readonly<Record<string, string | undefined>> };
};

/** The server's names that differ, because other systems defined them. */
const SERVER_NAMES: Readonly<Record<string, string>> = {
	title: "name",
	welcomeMessage: "greeting",
	accentColor: "primary_color",
	textColor: "text_color",
};

/**
 * "teaser.delaySeconds" is the attribute data-teaser-delay-seconds, and the record's teaser: {delaySeconds};
 * "collect_name" is data-collect-name.
 */
function createLookup({ overrides, script, record }: Sources) {
	return (name: string): unknown => {
		const attribute = script.dataset[name.replace(/[._](.)/g, (_, first) => first.toUpperCase())];
		const path = (SERVER_NAMES[name] ?? name).split(".");
		let stored: unknown = record;
		for (const part of path) stored = Object(stored)[part];
		return overrides[name] ?? (attribute?.trim() || stored);
	};
}

type Lookup = ReturnType<typeof createLookup>;

/** A setting's default; its value has the same type. */
type Default = string | number | boolean | readonly string[];

const FIELDS: readonly ContactField[] = ["name", "email", "phone"];
const LIST_MAX = 20;
const LINE_MAX = 100;

/** Of both tags. */
const DEFAULTS = {
	radius: 16,
	plainText: false,
	showTimes: true,
	rating: false,
	agentName: "",
	avatar: "",
	sound: false,
	unreadInTitle: false,
	starters: [] as readonly string[],
};

/** open-chat-widget's defaults, for its tag. */
const OPEN_CHAT_WIDGET = {
	title: "Assistant",
	welcomeMessage: "Hi! Ask me anything and I will help you out.",
	inputPlaceholder: "Type your message...",
};

const OURS: typeof OPEN_CHAT_WIDGET = {
	title: "Chat with us",
	welcomeMessage: "Hi there! How can we help?",
	inputPlaceholder: "",
};

const TEASER = {
	text: "",
	delaySeconds: 5,
	paths: [] as readonly string[],
	scrollPercent: 0,
	oncePerVisitor: true,
};

function contactFrom(setting: Lookup): ContactWish | null {
	const fields = FIELDS.filter((field) => valueFrom(setting(`collect_${field}`), false));
	const mode = setting("contact_info_mode");
	const required = mode === "required";
	if (!fields[0] || (!required && mode !== "optional")) return null;
	const named = `${setting("requiredFields") ?? "all"}`;
	const needed = fields.filter((field) => required && named.match(`all|${field}`));
	return { required, fields, needed };
}

/** A blank text counts as missing. */
function textFrom(value: unknown, fallback = ""): string {
	return (typeof value === "string" && value.trim()) || fallback;
}

/** The attribute has one entry a line. */
function listFrom(value: unknown): string[] {
	const list: unknown[] = Array.isArray(value) ? value : String(value ?? "").split("\n");
	const texts = list.map((one) => textFrom(one));
	return texts.filter((text) => text !== "" && text.length <= LINE_MAX).slice(0, LIST_MAX);
}

function valueFrom(value: unknown, fallback: Default): Default {
	if (typeof fallback === "string") return textFrom(value, fallback);
	if (typeof fallback === "object") return listFrom(value);
	const given = value ?? fallback;
	if (typeof fallback === "boolean") return String(given) === "true";
	return Number(given) >= 0 ? Number(given) : fallback;
}

/** The settings with the names of `defaults`. */
function allFrom<T extends Readonly<Record<string, Default>>>(
	setting: Lookup,
	defaults: T,
	prefix = "",
): T {
	const values = Object.entries(defaults).map(([name, fallback]) => [
		name,
		valueFrom(setting(prefix + name), fallback),
	]);
	return Object.fromEntries(values) as T;
}

/** `resolveColor` parses any CSS colour; null if invalid or not opaque. */
export function resolveSettings(
	sources: Sources,
	resolveColor: (text: string) => Rgb | null,
): Settings {
	const { widgetId } = sources;
	const setting = createLookup(sources);
	const color = (name: string) => resolveColor(textFrom(setting(name)));
	const theme = setting("theme");
	return {
		...allFrom(setting, { ...(widgetId ? OURS : OPEN_CHAT_WIDGET), ...DEFAULTS }),
		theme: theme === "dark" || theme === "light" ? theme : "auto",
		accent: color("accentColor") ?? (widgetId ? [99, 102, 241] : [14, 165, 233]),
		onAccent: color("textColor") ?? (widgetId ? [255, 255, 255] : null),
		picture: setting("launcher.style") === "picture" ? textFrom(setting("launcher.picture")) : "",
		inheritsFont: setting("font") === "inherit",
		contact: contactFrom(setting),
		offersPerson: valueFrom(setting("operators.offer"), false) as boolean,
		teaser: allFrom(setting, TEASER, "teaser."),
		disclosure: allFrom(setting, { show: false, text: "", link: "" }, "disclosure."),
	};
}
