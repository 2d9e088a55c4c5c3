// The pages and their addresses. workerd/api/routes.def has the same addresses.

import type { ComponentType } from "preact";
import agentsStyles from "./agents/agents.css?link";
import { t as agentsTexts } from "./agents/texts";
import { page } from "./area";
import contactsStyles from "./contacts/contacts.css?link";
import { t as contactsTexts } from "./contacts/texts";
import inboxStyles from "./inbox/inbox.css?link";
import { t as inboxTexts } from "./inbox/texts";
import joinStyles from "./join/join.css?link";
import { t as joinTexts } from "./join/texts";
import knowledgeStyles from "./knowledge/knowledge.css?link";
import { t as knowledgeTexts } from "./knowledge/texts";
import loginStyles from "./login/login.css?link";
import { t as loginTexts } from "./login/texts";
import numbersStyles from "./numbers/numbers.css?link";
import { t as numbersTexts } from "./numbers/texts";
import settingsStyles from "./settings/settings.css?link";
import { t as settingsTexts } from "./settings/texts";
import { t as widgetsTexts } from "./widgets/texts";
import widgetsStyles from "./widgets/widgets.css?link";

const inbox = { styles: inboxStyles, texts: inboxTexts };
const login = { styles: loginStyles, texts: loginTexts };
const join = { styles: joinStyles, texts: joinTexts };
const widgets = { styles: widgetsStyles, texts: widgetsTexts };
const agents = { styles: agentsStyles, texts: agentsTexts };
const contacts = { styles: contactsStyles, texts: contactsTexts };
const knowledge = { styles: knowledgeStyles, texts: knowledgeTexts };
const numbers = { styles: numbersStyles, texts: numbersTexts };
const settings = { styles: settingsStyles, texts: settingsTexts };

const Inbox = page(inbox, async () => (await import("./inbox/page")).InboxPage);
const Login = page(login, async () => (await import("./login/page")).LoginPage);
const Reset = page(login, async () => (await import("./login/reset-page")).ResetPage);
const Join = page(join, async () => (await import("./join/page")).JoinPage);
const Widgets = page(widgets, async () => (await import("./widgets/page")).WidgetsPage);
const Widget = page(widgets, async () => (await import("./widgets/edit-page")).WidgetPage);
const CreateWidget = page(
	widgets,
	async () => (await import("./widgets/create-page")).CreateWidgetPage,
);
const Agents = page(agents, async () => (await import("./agents/page")).AgentsPage);
const Agent = page(agents, async () => (await import("./agents/edit-page")).AgentPage);
const Contacts = page(contacts, async () => (await import("./contacts/page")).ContactsPage);
const Contact = page(contacts, async () => (await import("./contacts/contact-page")).ContactPage);
const Knowledge = page(knowledge, async () => (await import("./knowledge/page")).KnowledgePage);
const Numbers = page(numbers, async () => (await import("./numbers/page")).NumbersPage);
const Settings = page(settings, async () => (await import("./settings/page")).SettingsPage);

interface Address {
	readonly path: string;
	readonly component: ComponentType;
	/** Without the frame: for people who are not signed in. */
	readonly isPublic?: boolean;
}

export const ROUTES: readonly Address[] = [
	{ path: "/login", component: Login, isPublic: true },
	{ path: "/join/:token", component: Join, isPublic: true },
	{ path: "/reset", component: Reset, isPublic: true },
	{ path: "/reset/:token", component: Reset, isPublic: true },
	{ path: "/", component: Inbox },
	{ path: "/conversations/:id", component: Inbox },
	{ path: "/search", component: Inbox },
	{ path: "/widgets", component: Widgets },
	{ path: "/widgets/create", component: CreateWidget },
	{ path: "/widgets/:id", component: Widget },
	{ path: "/agents", component: Agents },
	{ path: "/agents/:id", component: Agent },
	{ path: "/contacts", component: Contacts },
	{ path: "/contacts/:id", component: Contact },
	{ path: "/knowledge", component: Knowledge },
	{ path: "/knowledge/:page", component: Knowledge },
	{ path: "/knowledge/:page/:id", component: Knowledge },
	{ path: "/numbers", component: Numbers },
	{ path: "/settings", component: Settings },
	{ path: "/settings/:page", component: Settings },
	{ path: "/settings/:page/:id", component: Settings },
];
