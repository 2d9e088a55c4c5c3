// The places of the navigation.

import type { t } from "../text/common";
import type { IconName } from "../ui/icon";

export interface Place {
	readonly href: string;
	readonly icon: IconName;
	readonly text: Parameters<typeof t>[0];
	/** On phones, if the text is too long there. */
	readonly short?: Parameters<typeof t>[0];
	/** Other addresses that belong to it. */
	readonly also?: readonly string[];
}

export const PLACES: readonly Place[] = [
	{
		href: "/",
		icon: "inbox",
		text: "inbox",
		short: "inboxShort",
		also: ["/conversations", "/search"],
	},
	{ href: "/contacts", icon: "contacts", text: "contacts" },
	{ href: "/widgets", icon: "widgets", text: "widgets" },
	{ href: "/agents", icon: "agents", text: "agents" },
	{ href: "/knowledge", icon: "book", text: "knowledge" },
	{ href: "/numbers", icon: "numbers", text: "numbers" },
];

export const SETTINGS: Place = {
	href: "/settings",
	icon: "settings",
	text: "settings",
};

export function isAt(place: Place, path: string): boolean {
	const isUnder = (folder: string) => path === folder || path.startsWith(`${folder}/`);
	return (
		path === place.href ||
		(place.href !== "/" && isUnder(place.href)) ||
		(place.also?.some(isUnder) ?? false)
	);
}
