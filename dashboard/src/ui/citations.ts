// The numbers in a reply's text that lead to its sources, as the widget shows them. Style: ui/markdown.css.

import { LINK } from "../../../widget/src/markdown/links";
import { type Mark, replaceSigns } from "../../../widget/src/markdown/marks";
import { t } from "../text/common";

export interface Cited {
	readonly n: number;
	readonly title: string;
	/** Only http and https addresses become links. */
	readonly url: string | null;
}

export interface Citations {
	readonly marks: readonly Mark[];
	readonly sources: readonly Cited[];
}

/** "" if the address is invalid. */
function hostOf(url: string): string {
	try {
		return new URL(url).hostname;
	} catch {
		return "";
	}
}

/** Of models and pages: only these may become links. */
export function isWeb(url: string | null): url is string {
	return url !== null && /^https?:\/\//i.test(url);
}

/** Whether a source is at this host. */
export function isCited(host: string, citations: Citations | null): boolean {
	return !!citations?.sources.some(({ url }) => isWeb(url) && hostOf(url) === host);
}

function createNumber({ n, title, url }: Cited, isInLink: boolean): HTMLElement {
	const number = document.createElement("sup");
	const name = t("sourceNumber", { n, title });
	if (isInLink || !isWeb(url)) {
		number.title = title;
		number.setAttribute("role", "img");
		number.setAttribute("aria-label", name);
		number.append(String(n));
		return number;
	}
	const link = document.createElement("a");
	link.href = url;
	link.target = LINK.target;
	link.rel = LINK.rel;
	link.title = title;
	link.setAttribute("aria-label", name);
	link.append(String(n));
	number.append(link);
	return number;
}

/** Puts them in place of their signs. */
export function placeNumbers(node: HTMLElement, { sources }: Citations): void {
	replaceSigns(node, (n, isInLink) => {
		const source = sources.find((one) => one.n === n);
		return source ? createNumber(source, isInLink) : null;
	});
}
