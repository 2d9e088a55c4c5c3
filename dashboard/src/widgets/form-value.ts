// A widget as its form has it: one member for each field, named as the server names it in errors. Two editors who
// change different settings do not overwrite each other, although the server stores all settings as one object.

import type { Hours, Widget, WidgetFields } from "../../../workerd/api/openapi/openapi";
import { toForm, toServer } from "../hours/week";

export type ContactName = "name" | "email" | "phone";
export const CONTACT_NAMES: readonly ContactName[] = ["name", "email", "phone"];

/** As the server names them. */
export const FILE_KINDS = ["jpeg", "png", "webp", "gif", "pdf", "text", "docx", "xlsx"];

/** For every language by key, or by language and key. */
export type OwnTexts = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** The settings with a default for each: null stands for a number that is not set. */
export interface FlatSettings {
	readonly "settings.theme": "auto" | "light" | "dark";
	readonly "settings.locale": string;
	readonly "settings.texts": OwnTexts;
	readonly "settings.launcher.style": "icon" | "text" | "picture" | "none";
	readonly "settings.launcher.text": string;
	readonly "settings.launcher.picture": string;
	readonly "settings.avatar": string;
	readonly "settings.agentName": string;
	readonly "settings.plainText": boolean;
	readonly "settings.showTimes": boolean;
	readonly "settings.sound": boolean;
	readonly "settings.unreadInTitle": boolean;
	readonly "settings.starters": readonly string[];
	readonly "settings.teaser.text": string;
	readonly "settings.teaser.delaySeconds": number | null;
	readonly "settings.teaser.paths": readonly string[];
	readonly "settings.teaser.scrollPercent": number | null;
	readonly "settings.teaser.oncePerVisitor": boolean;
	readonly "settings.rating": boolean;
	readonly "settings.operators.offer": boolean;
	readonly "settings.operators.askEmail": boolean;
	readonly "settings.files.allow": boolean;
	/** Empty: all. */
	readonly "settings.files.kinds": readonly string[];
	readonly "settings.disclosure.show": boolean;
	readonly "settings.disclosure.text": string;
	readonly "settings.disclosure.link": string;
	readonly "settings.zIndex": number | null;
	readonly "settings.offsetX": number | null;
	readonly "settings.offsetY": number | null;
	readonly "settings.radius": number | null;
	readonly "settings.font": "inherit" | "system";
	/** null: all that are collected. */
	readonly "settings.requiredFields": readonly ContactName[] | null;
}

export const DEFAULTS: FlatSettings = {
	"settings.theme": "auto",
	"settings.locale": "auto",
	"settings.texts": {},
	"settings.launcher.style": "icon",
	"settings.launcher.text": "",
	"settings.launcher.picture": "",
	"settings.avatar": "",
	"settings.agentName": "",
	"settings.plainText": false,
	"settings.showTimes": true,
	"settings.sound": false,
	"settings.unreadInTitle": false,
	"settings.starters": [],
	"settings.teaser.text": "",
	"settings.teaser.delaySeconds": 5,
	"settings.teaser.paths": [],
	"settings.teaser.scrollPercent": 0,
	"settings.teaser.oncePerVisitor": true,
	"settings.rating": false,
	"settings.operators.offer": false,
	"settings.operators.askEmail": true,
	"settings.files.allow": false,
	"settings.files.kinds": [],
	"settings.disclosure.show": false,
	"settings.disclosure.text": "",
	"settings.disclosure.link": "",
	"settings.zIndex": 2147483647,
	"settings.offsetX": 20,
	"settings.offsetY": 20,
	"settings.radius": 16,
	"settings.font": "system",
	"settings.requiredFields": null,
};

export interface WidgetValue extends FlatSettings {
	readonly name: string;
	readonly greeting: string;
	/** "": the server chooses. */
	readonly agent_id: string;
	readonly primary_color: string;
	readonly text_color: string;
	readonly position: Widget["position"];
	readonly contact_info_mode: Widget["contact_info_mode"];
	readonly collect_name: boolean;
	readonly collect_email: boolean;
	readonly collect_phone: boolean;
	readonly allowed_origins: readonly string[];
	readonly daily_message_cap: number | null;
	readonly retention_days: number | null;
	readonly budget_text: string;
	readonly hours: Hours | null;
	readonly enabled: boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** Without the entries that the user has added and left empty. */
function clean(value: unknown): unknown {
	if (!Array.isArray(value)) return value;
	return value.map((one) => String(one).trim()).filter((one) => one !== "");
}

function isSame(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

/** What `settings` have at "settings.teaser.text"; undefined: nothing. */
function read(settings: unknown, name: string): unknown {
	const [, ...path] = name.split(".");
	return path.reduce((value: unknown, part) => (Object(value) as Values)[part], settings);
}

function flatSettings(settings: Widget["settings"]): FlatSettings {
	const entries = Object.entries(DEFAULTS).map(([name, fallback]) => [
		name,
		read(settings, name) ?? fallback,
	]);
	return Object.fromEntries(entries) as FlatSettings;
}

export function formValue(widget: Widget): WidgetValue {
	return {
		...flatSettings(widget.settings),
		name: widget.name ?? "",
		greeting: widget.greeting ?? "",
		agent_id: widget.agent_id,
		primary_color: widget.primary_color,
		text_color: widget.text_color,
		position: widget.position,
		contact_info_mode: widget.contact_info_mode,
		collect_name: widget.collect_name,
		collect_email: widget.collect_email,
		collect_phone: widget.collect_phone,
		allowed_origins: widget.allowed_origins ?? [],
		daily_message_cap: widget.daily_message_cap,
		retention_days: widget.retention_days,
		budget_text: widget.budget_text ?? "",
		hours: toForm(widget.hours),
		enabled: widget.enabled,
	};
}

/** White text on it is readable; on the server's default, #6366f1, it is not quite. */
const NEW_COLOR = "#4f46e5";

/** What the create form begins with: the server's defaults for a new widget, but for the colour. */
export const NEW_WIDGET: WidgetValue = {
	...DEFAULTS,
	"settings.disclosure.show": true,
	name: "",
	greeting: "",
	agent_id: "",
	primary_color: NEW_COLOR,
	text_color: "#ffffff",
	position: "bottom_right",
	contact_info_mode: "none",
	collect_name: false,
	collect_email: false,
	collect_phone: false,
	allowed_origins: [],
	daily_message_cap: null,
	retention_days: null,
	budget_text: "",
	hours: null,
	enabled: true,
};

export function collected(value: WidgetValue): ContactName[] {
	return CONTACT_NAMES.filter((name) => value[`collect_${name}`]);
}

/** Only what is collected can be required; all of it is the default, also if nothing is chosen. */
function requiredOf(value: WidgetValue): readonly ContactName[] | null {
	const all = collected(value);
	const required = value["settings.requiredFields"]?.filter((name) => all.includes(name)) ?? all;
	return required.length === 0 || required.length === all.length ? null : required;
}

/** The settings that differ from their defaults, and the notice that an AI answers, which stays as it is if left out. */
export function settingsOf(value: WidgetValue): NonNullable<Widget["settings"]> {
	const all: WidgetValue = { ...value, "settings.requiredFields": requiredOf(value) };
	const show = value["settings.disclosure.show"];
	const settings: Record<string, unknown> = { disclosure: { show } };
	for (const [name, fallback] of Object.entries(DEFAULTS)) {
		const set = clean(all[name as keyof FlatSettings]);
		if (set === null || isSame(set, fallback)) continue;
		const [, first = "", second] = name.split(".");
		settings[first] =
			second === undefined ? set : { ...(Object(settings[first]) as Values), [second]: set };
	}
	return settings;
}

/** The members of the request that makes these changes. */
export function fieldsOf(changes: Partial<WidgetValue>, value: WidgetValue): WidgetFields {
	const own = Object.entries(changes).filter(([name]) => !name.startsWith("settings."));
	const fields = Object.fromEntries(
		own
			.filter(([name, set]) => name !== "agent_id" || set !== "")
			.map(([name, set]) => [name, set === "" ? null : clean(set)])
			.map(([name, set]) => [name, name === "hours" ? toServer(set as Hours | null) : set]),
	);
	const affects = /^(settings\.|collect_)/;
	const hasSettings = Object.keys(changes).some((name) => affects.test(name));
	return { ...fields, ...(hasSettings && { settings: settingsOf(value) }) };
}
