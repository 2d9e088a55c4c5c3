// The sections of the settings, in the order of the list at the side. Each is loaded when somebody opens it.

import type { ComponentType } from "preact";
import { loadSnippets, loadTags, loadTeams } from "../snippets";
import type { IconName } from "../ui/icon";
import type { t } from "./texts";

type TextKey = Parameters<typeof t>[0];

export interface SectionProps {
	/** The record of the section that the address names, such as a webhook. */
	readonly id: string | undefined;
}

export interface Section {
	/** In the address. */
	readonly page: string;
	readonly title: TextKey;
	readonly icon: IconName;
	/** The server refuses everybody else. */
	readonly isForOwners: boolean;
	load(): Promise<ComponentType<SectionProps>>;
}

export interface SectionGroup {
	readonly title: TextKey;
	readonly sections: readonly Section[];
}

/** A section that has no records of its own in the address. */
const withoutProps = (load: () => Promise<ComponentType>) => load as unknown as Section["load"];

export const GROUPS: readonly SectionGroup[] = [
	{
		title: "groupYou",
		sections: [
			{
				page: "profile",
				title: "profile",
				icon: "person",
				isForOwners: false,
				load: async () => (await import("./profile/profile")).ProfileSection,
			},
			{
				page: "password",
				title: "password",
				icon: "lock",
				isForOwners: false,
				load: async () => (await import("./profile/password")).PasswordSection,
			},
			{
				page: "sign-ins",
				title: "signIns",
				icon: "globe",
				isForOwners: false,
				load: async () => (await import("./profile/sign-ins")).SignInsSection,
			},
		],
	},
	{
		title: "groupConversations",
		sections: [
			{
				page: "tags",
				title: "tags",
				icon: "tag",
				isForOwners: false,
				load: withoutProps(loadTags),
			},
			{
				page: "snippets",
				title: "snippets",
				icon: "note",
				isForOwners: false,
				load: withoutProps(loadSnippets),
			},
			{
				page: "blocks",
				title: "blocks",
				icon: "lock",
				isForOwners: false,
				load: async () => (await import("./blocks/blocks")).BlocksSection,
			},
		],
	},
	{
		title: "groupOrganization",
		sections: [
			{
				page: "users",
				title: "users",
				icon: "people",
				isForOwners: true,
				load: async () => (await import("./users/users")).UsersSection,
			},
			{
				page: "teams",
				title: "teams",
				icon: "people",
				isForOwners: true,
				load: withoutProps(loadTeams),
			},
			{
				page: "keys",
				title: "keys",
				icon: "key",
				isForOwners: true,
				load: async () => (await import("./keys/keys")).KeysSection,
			},
			{
				page: "webhooks",
				title: "webhooks",
				icon: "send",
				isForOwners: true,
				load: async () => (await import("./webhooks/webhooks")).WebhooksSection,
			},
			{
				page: "tools",
				title: "tools",
				icon: "search",
				isForOwners: true,
				load: async () => (await import("./tools/tools")).ToolsSection,
			},
			{
				page: "hours",
				title: "hours",
				icon: "clock",
				isForOwners: true,
				load: async () => (await import("./hours/hours")).HoursSection,
			},
			{
				page: "limits",
				title: "limits",
				icon: "gauge",
				isForOwners: true,
				load: async () => (await import("./limits/limits")).LimitsSection,
			},
			{
				page: "prices",
				title: "prices",
				icon: "coin",
				isForOwners: false,
				load: async () => (await import("./prices/prices")).PricesSection,
			},
			{
				page: "server",
				title: "server",
				icon: "server",
				isForOwners: true,
				load: async () => (await import("./server/server")).ServerSection,
			},
		],
	},
];

const ALL: readonly Section[] = GROUPS.flatMap(({ sections }) => sections);

export const sectionOf = (page: string): Section | undefined =>
	ALL.find((one) => one.page === page);

export const sectionsFor = (isOwner: boolean): readonly Section[] =>
	ALL.filter((one) => isOwner || !one.isForOwners);
