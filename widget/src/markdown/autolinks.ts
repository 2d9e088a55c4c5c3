// Addresses without a label, in angle brackets or bare.

import { readLink, safeUrl, withAsciiHost } from "./links";
import { tag } from "./parts";
import { HELD_MAX, hold, push, type Scan } from "./scan";

const ANGLE =
	/<(?:([a-z][a-z\d+.-]{1,31}:[^\s<>]*)|([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d.-]{1,255})|br ?\/?)>/iy;

export function readAngle(scan: Scan): void {
	const { text, at } = scan;
	ANGLE.lastIndex = at;
	const [all, uri, mail] = ANGLE.exec(text) ?? [];
	const url = uri || mail ? safeUrl(uri ?? `mailto:${mail}`) : null;
	if (all && url) {
		push(scan, withAsciiHost(uri ?? mail ?? "", url), all.length, tag("a", url.href));
	} else if (all && !uri && !mail) push(scan, "\n", all.length);
	else {
		if (/^<[^\s<>]*$/.test(text.slice(at, at + HELD_MAX + 1))) hold(scan, at);
		push(scan, "<", 1);
	}
}

/** Returns false if no address begins here. */
export function readAddress(scan: Scan, isInLabel: boolean): boolean {
	const { text, at, live } = scan;
	// A label ends at its bracket.
	const end = isInLabel ? text.indexOf("]", at) : -1;
	const link = readLink(end < 0 ? text : text.slice(0, end), at);
	if (!link) return false;
	const { length } = link.text;
	const isGrowing = live && /^\S{0,40}$/.test(text.slice(at + length));
	if (isGrowing && link.label !== link.text) hold(scan, at);
	push(scan, link.label, length, isGrowing || !link.href ? undefined : tag("a", link.href));
	return true;
}
