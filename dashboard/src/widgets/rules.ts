// The server's rules for the fields of a widget, as far as they can be checked while the user types. The server checks
// all of them again.

import { isPictureAddress, PICTURE_ADDRESS_MAX } from "../ui/picture-address";
import type { FlatSettings, WidgetValue } from "./form-value";
import { collected } from "./form-value";

/** What is wrong with a field; `entry`: the wrong one of a list. */
export type Fault =
	| { readonly rule: "color" | "https" | "contact" | "whole" }
	| { readonly rule: "origin" | "path"; readonly entry: string }
	| { readonly rule: "range"; readonly min: number; readonly max: number }
	| { readonly rule: "count"; readonly max: number };

export type Faults = Readonly<Record<string, Fault>>;

const COLOR = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i;
const ORIGIN = /^[a-z0-9+.-]+:\/\/[^/?#@\s]+$/i;
const PATH = /^[/*]/;

export const MAX = {
	name: 100,
	greeting: 1000,
	budget_text: 1000,
	launcherText: 40,
	picture: PICTURE_ADDRESS_MAX,
	agentName: 100,
	disclosure: 300,
	starter: 100,
	starters: 6,
	teaser: 200,
	path: 200,
	paths: 20,
	origins: 64,
	text: 500,
} as const;

export const RANGES = {
	daily_message_cap: [1, 4294967295],
	retention_days: [1, 36500],
	"settings.teaser.delaySeconds": [0, 3600],
	"settings.teaser.scrollPercent": [0, 100],
	"settings.zIndex": [0, 2147483647],
	"settings.offsetX": [0, 500],
	"settings.offsetY": [0, 500],
	"settings.radius": [0, 40],
} as const;

export function isColor(text: string): boolean {
	return COLOR.test(text);
}

const filled = (list: readonly string[]): string[] =>
	list.map((one) => one.trim()).filter((one) => one !== "");

function numberFault(value: number | null, [min, max]: readonly [number, number]): Fault | null {
	if (value === null) return null;
	if (!Number.isInteger(value)) return { rule: "whole" };
	return value < min || value > max ? { rule: "range", min, max } : null;
}

function listFault(
	list: readonly string[],
	max: number,
	rule: "origin" | "path",
	form: RegExp,
): Fault | null {
	const all = filled(list);
	const entry = all.find((one) => !form.test(one));
	if (entry !== undefined) return { rule, entry };
	return all.length > max ? { rule: "count", max } : null;
}

/** As web_read_link() in workerd/api/fields/web_kinds.c. */
const LINK = /^https:\/\/[^\s"<>\\^`{|}#/?@]+([/?#][^\s"<>\\^`{|}]*)?$/i;

/** A page that visitors open: it may also be in a private network. */
const isLink = (text: string) => LINK.test(text);

const PICTURES = ["settings.avatar", "settings.launcher.picture"] as const satisfies ReadonlyArray<
	keyof FlatSettings
>;

export function faultsOf(value: WidgetValue): Faults {
	const found: Array<readonly [string, Fault | null]> = [];
	for (const name of ["primary_color", "text_color"] as const)
		found.push([name, isColor(value[name]) ? null : { rule: "color" }]);
	const addressFault = (text: string, isValid: (text: string) => boolean): Fault | null =>
		text === "" || isValid(text) ? null : { rule: "https" };
	for (const name of PICTURES) found.push([name, addressFault(value[name], isPictureAddress)]);
	const link = "settings.disclosure.link";
	found.push([link, addressFault(value[link], isLink)]);
	for (const name of Object.keys(RANGES) as Array<keyof typeof RANGES>)
		found.push([name, numberFault(value[name], RANGES[name])]);
	found.push(["allowed_origins", listFault(value.allowed_origins, MAX.origins, "origin", ORIGIN)]);
	found.push([
		"settings.teaser.paths",
		listFault(value["settings.teaser.paths"], MAX.paths, "path", PATH),
	]);
	const needsDetails = value.contact_info_mode === "required" && collected(value).length === 0;
	found.push(["contact_info_mode", needsDetails ? { rule: "contact" } : null]);
	return Object.fromEntries(
		found.filter((one): one is readonly [string, Fault] => one[1] !== null),
	);
}
