// What a reply is based on: small numbers in its text, and below it the list of sources, or that the answer does not
// come from the site.

import { el, spoken } from "../../dom";
import { LINK } from "../../markdown/links";
import { replaceSigns, withSigns } from "../../markdown/marks";
import type { Basis } from "../chat/state";
import type { Words } from "../words";

interface Source {
	readonly n: number;
	readonly title: string;
	/** http or https; "" if it has no address. */
	readonly url: string;
	/** Its host; "" if it has none. */
	readonly host: string;
	/** Where the text cites it, in UTF-16 units. */
	readonly positions: readonly number[];
}

export interface Sources {
	/** Below the reply. */
	readonly nodes: readonly HTMLElement[];
	/** The text with a sign at each place that cites a source; place() replaces the signs. */
	mark(text: string): string;
	place(node: HTMLElement): void;
}

function readUrl(value: unknown): URL | null {
	try {
		const url = new URL(String(value));
		return /^https?:$/.test(url.protocol) ? url : null;
	} catch {
		return null;
	}
}

function readSource(value: unknown): Source | null {
	const { n, title, url: address, positions } = Object(value);
	if (!Number.isInteger(n) || n < 1 || n > 255) return null;
	const url = readUrl(address);
	const named = typeof title === "string" ? title.trim() : "";
	return {
		n,
		title: named || url?.host || String(n),
		url: url?.href ?? "",
		host: url?.host ?? "",
		positions: Array.isArray(positions) ? positions.filter(Number.isInteger) : [],
	};
}

const readSources = (basis: Basis | null): Source[] => {
	const values: unknown = basis?.sources;
	return (Array.isArray(values) ? values : [])
		.map(readSource)
		.filter((one): one is Source => one !== null);
};

/** Whether a link leads to the site or to a source of the reply. */
export function knownHosts(basis: Basis | null): (host: string) => boolean {
	const bare = (host: string) => host.replace(/^www\./, "");
	const urls = [location.href, ...readSources(basis).map(({ url }) => url)];
	const known = urls.map((url) => bare(readUrl(url)?.hostname ?? ""));
	return (host) => known.includes(bare(host));
}

/** The number in the text, which leads to the source if that has an address. */
function createNumber({ n, title, url }: Source, label: string, isInLink: boolean): HTMLElement {
	const name = `${label} ${n}: ${title}`;
	if (!url || isInLink)
		return el("sup", { title }, el("span", { "aria-hidden": "true" }, `${n}`), spoken(`[${name}]`));
	return el("sup", {}, el("a", { href: url, title, "aria-label": name, ...LINK }, `${n}`));
}

function createItem({ n, title, url, host }: Source): HTMLElement {
	const name = url
		? el("a", { href: url, dir: "auto", ...LINK }, title)
		: el("span", { dir: "auto" }, title);
	return el(
		"li",
		{ value: `${n}` },
		name,
		...(host && host !== title ? [" ", el("small", {}, host)] : []),
	);
}

export function createSources(words: Words, basis: Basis): Sources {
	const sources = readSources(basis);
	const label = words("sources");
	const list = el("ol", { "aria-label": label }, ...sources.map(createItem));
	const heading = el("p", { "aria-hidden": "true" }, label);
	return {
		nodes: [
			...(basis.general === true ? [el("p", {}, words("general"))] : []),
			...(sources.length > 0 ? [heading, list] : []),
		],
		mark: (text) =>
			withSigns(
				text,
				sources.flatMap(({ n, positions }) => positions.map((at) => ({ n, at }))),
			),
		place: (node) =>
			replaceSigns(node, (n, isInLink) => {
				const source = sources.find((one) => one.n === n);
				return source ? createNumber(source, label, isInLink) : null;
			}),
	};
}
