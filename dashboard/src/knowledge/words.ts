// How sources and pages are named and described.

import type { Source, SourcePage } from "../../../workerd/api/openapi/openapi";
import type { Tone } from "../ui/badge";
import type { IconName } from "../ui/icon";
import { t } from "./texts";

export type SourceKind = Source["kind"];

export const KIND_ICONS: Readonly<Record<SourceKind, IconName>> = {
	site: "globe",
	page: "link",
	files: "book",
	pushed: "server",
};

export const KINDS = Object.keys(KIND_ICONS) as readonly SourceKind[];

/** Without the scheme, which says nothing, and without a slash at the end. */
export function shortAddress(url: string): string {
	return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

/** The host of an address that may not be complete yet; empty: none. */
export function hostOf(url: string): string {
	try {
		return new URL(url).host;
	} catch {
		return "";
	}
}

/** An address as people type it, with a scheme; a port is none. */
export function withScheme(url: string): string {
	const trimmed = url.trim();
	return trimmed === "" || /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(trimmed)
		? trimmed
		: `https://${trimmed}`;
}

export interface Said {
	readonly tone: Tone;
	readonly text: string;
}

/** What the owner should know of a source; null: nothing special. */
export function stateOf({ enabled, state }: Source): Said | null {
	if (!enabled) return { tone: "calm", text: t("off") };
	if (state.state === "waits") return { tone: "warn", text: t("waitsForYou") };
	if (state.state === "failed") return { tone: "bad", text: t("failed") };
	if (state.state === "running" || state.asked) return { tone: "accent", text: t("reading") };
	return null;
}

/** Why a page was not read, or not its newest version; empty: it was. */
export function reasonOf({ reason, detail }: Pick<SourcePage, "reason" | "detail">): string {
	if (reason === null) return "";
	return t(`reason_${reason}`, { detail: detail ?? "" }).trim();
}

export function pageState({ state, reason }: SourcePage): Said {
	if (state === "waiting") return { tone: "accent", text: t("pageWaiting") };
	if (state === "unread") return { tone: "warn", text: t("pageUnread") };
	return reason === null
		? { tone: "good", text: t("pageRead") }
		: { tone: "warn", text: t("pageOlder") };
}

/** The types of files that can be read, for the browser's file picker. */
export const FILE_TYPES: ReadonlyMap<string, string> = new Map([
	["html", "text/html"],
	["htm", "text/html"],
	["md", "text/markdown"],
	["markdown", "text/markdown"],
	["txt", "text/plain"],
	["pdf", "application/pdf"],
	["docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
]);

/** The media type of a file by the end of its name; undefined: it cannot be read. */
export function typeOfFile(name: string): string | undefined {
	const end = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
	return FILE_TYPES.get(end);
}

/** Splits the items into arrays of at most `most`. */
export function batchesOf<T>(items: readonly T[], most: number): T[][] {
	const batches: T[][] = [];
	for (let at = 0; at < items.length; at += most) batches.push(items.slice(at, at + most));
	return batches;
}
