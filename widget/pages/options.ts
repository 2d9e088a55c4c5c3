// Every option of the script tags: the playground's controls and its snippet are made from this table. A test
// compares it with workerd/api/widget/widget_settings.def.

export type Kind =
	| "choice"
	| "color"
	| "fields"
	| "flag"
	| "kinds"
	| "line"
	| "lines"
	| "number"
	| "object"
	| "paths"
	| "text"
	| "url";

export interface Option {
	/** "teaser.delaySeconds" is the attribute data-teaser-delay-seconds. */
	readonly name: string;
	readonly label: string;
	readonly kind: Kind;
	readonly hint?: string;
	/** As the attribute has it; lists have one entry a line. */
	readonly fallback?: string;
	/** The default of open-chat-widget's tag, if it differs. */
	readonly keyed?: string;
	readonly choices?: readonly string[];
	readonly min?: number;
	readonly max?: number;
	/** attribute: the widget's settings have it under another name, or not at all. setting: no attribute has it. */
	readonly only?: "attribute" | "setting";
	/** Its name in the reply of /settings, if that differs. */
	readonly stored?: string;
}

const LANGUAGES = "ar de en es fr he it ja ko nl pl pt tr zh".split(" ");
const PICTURE =
	"An https address. This page’s policy shows no pictures of other servers; yours may.";

export interface Section {
	readonly title: string;
	readonly options: readonly Option[];
}

export const SECTIONS: readonly Section[] = [
	{
		title: "Words",
		options: [
			{
				name: "title",
				label: "Title",
				kind: "line",
				max: 100,
				only: "attribute",
				stored: "name",
				fallback: "Chat with us",
				keyed: "Assistant",
			},
			{
				name: "welcomeMessage",
				label: "Welcome",
				kind: "text",
				max: 1000,
				only: "attribute",
				stored: "greeting",
				fallback: "Hi there! How can we help?",
				keyed: "Hi! Ask me anything and I will help you out.",
			},
			{
				name: "inputPlaceholder",
				label: "Empty text field",
				kind: "line",
				max: 100,
				only: "attribute",
				keyed: "Type your message...",
				hint: "Empty: in the visitor’s language.",
			},
			{
				name: "locale",
				label: "Language",
				kind: "choice",
				choices: ["auto", ...LANGUAGES],
				fallback: "auto",
				max: 35,
				hint: "auto: that of the page or of the browser.",
			},
			{
				name: "starters",
				label: "Starter questions",
				kind: "lines",
				min: 1,
				max: 6,
				hint: "One a line, at most 6.",
			},
			{
				name: "texts",
				label: "Own texts",
				kind: "object",
				fallback: "{}",
				max: 100,
				only: "setting",
				hint: 'JSON, such as {"de": {"send": "Los"}}. Only in the widget’s settings.',
			},
		],
	},
	{
		title: "Looks",
		options: [
			{
				name: "theme",
				label: "Theme",
				kind: "choice",
				choices: ["auto", "light", "dark"],
				fallback: "auto",
			},
			{
				name: "accentColor",
				label: "Accent",
				kind: "color",
				only: "attribute",
				stored: "primary_color",
				fallback: "#6366f1",
				keyed: "#0ea5e9",
				hint: "Corrected where text would be unreadable.",
			},
			{
				name: "textColor",
				label: "Text on the accent",
				kind: "color",
				only: "attribute",
				stored: "text_color",
				fallback: "#ffffff",
			},
			{
				name: "font",
				label: "Font",
				kind: "choice",
				choices: ["inherit", "system"],
				fallback: "system",
				hint: "inherit: the page’s font.",
			},
			{
				name: "radius",
				label: "Corners",
				kind: "number",
				min: 0,
				max: 40,
				fallback: "16",
				hint: "Radius in pixels.",
			},
			{ name: "avatar", label: "Agent’s picture", kind: "url", max: 2000, hint: PICTURE },
			{ name: "agentName", label: "Agent’s name", kind: "line", max: 100 },
		],
	},
	{
		title: "Place",
		options: [
			{
				name: "position",
				label: "Corner",
				kind: "choice",
				choices: ["right", "left"],
				fallback: "right",
				only: "attribute",
			},
			{
				name: "mode",
				label: "Mode",
				kind: "choice",
				choices: ["", "page"],
				only: "attribute",
				hint: "page: the chat fills the page.",
			},
			{
				name: "target",
				label: "Inside",
				kind: "choice",
				choices: ["", "#place"],
				only: "attribute",
				hint: "An element of the page; #place is the shop’s counter.",
			},
			{
				name: "offsetX",
				label: "From the side",
				kind: "number",
				min: 0,
				max: 500,
				fallback: "20",
				hint: "Pixels.",
			},
			{
				name: "offsetY",
				label: "From the bottom",
				kind: "number",
				min: 0,
				max: 500,
				fallback: "20",
				hint: "Pixels.",
			},
			{
				name: "zIndex",
				label: "z-index",
				kind: "number",
				min: 0,
				max: 2147483647,
				fallback: "2147483647",
				hint: "In browsers without a top layer.",
			},
		],
	},
	{
		title: "Button",
		options: [
			{
				name: "launcher.style",
				label: "Shows",
				kind: "choice",
				choices: ["icon", "text", "picture", "none"],
				fallback: "icon",
				hint: "none: the page opens the chat itself.",
			},
			{ name: "launcher.text", label: "Text", kind: "line", max: 40 },
			{ name: "launcher.picture", label: "Picture", kind: "url", max: 2000, hint: PICTURE },
		],
	},
	{
		title: "Teaser",
		options: [
			{ name: "teaser.text", label: "Text", kind: "line", max: 200 },
			{
				name: "teaser.delaySeconds",
				label: "After",
				kind: "number",
				min: 0,
				max: 3600,
				fallback: "5",
				hint: "Seconds.",
			},
			{
				name: "teaser.scrollPercent",
				label: "After scrolling",
				kind: "number",
				min: 0,
				max: 100,
				fallback: "0",
				hint: "Percent of the page.",
			},
			{
				name: "teaser.paths",
				label: "Only on these paths",
				kind: "paths",
				min: 1,
				max: 20,
				hint: "One a line, such as /shop/*. Here the path is /widget-test.html.",
			},
			{
				name: "teaser.oncePerVisitor",
				label: "Not again after it was closed",
				kind: "flag",
				min: 0,
				max: 1,
				fallback: "true",
			},
		],
	},
	{
		title: "Contact form",
		options: [
			{
				name: "contactInfoMode",
				label: "Asks for contact details",
				kind: "choice",
				choices: ["none", "optional", "required"],
				fallback: "none",
				only: "attribute",
				stored: "contact_info_mode",
				hint: "required: before the first message. With a widget’s id, the server takes only what the widget’s own fields say.",
			},
			collect("Name", "name"),
			collect("Email", "e-mail"),
			collect("Phone", "phone"),
			{
				name: "requiredFields",
				label: "Required details",
				kind: "fields",
				fallback: "all",
				min: 0,
				max: 3,
				hint: "all, or name, email and phone, one a line.",
			},
		],
	},
	{
		title: "Behaviour",
		options: [
			flag("plainText", "Replies without Markdown", "false"),
			flag("showTimes", "Times on hover and focus", "true"),
			flag("sound", "Sound for new messages", "false"),
			flag("unreadInTitle", "Unread count in the page’s title", "false"),
			flag("rating", "Visitors can rate replies", "false"),
			flag("operators.offer", "Visitors can ask for a person", "false"),
			flag("operators.askEmail", "Asks for an e-mail when nobody is there", "true"),
			{ ...flag("files.allow", "Visitors can send files", "false"), only: "setting" },
			{
				name: "files.kinds",
				label: "Kinds of files",
				kind: "kinds",
				hint: "jpeg, png, webp, gif, pdf, text, docx or xlsx, one a line; empty: all.",
				min: 0,
				max: 8,
				only: "setting",
			},
			flag("disclosure.show", "Says that an AI answers", "false"),
			{ name: "disclosure.text", label: "That text", kind: "line", max: 300 },
			{ name: "disclosure.link", label: "Privacy page", kind: "url", max: 2000 },
		],
	},
	{
		title: "Server",
		options: [
			{
				name: "apiUrl",
				label: "Chat API",
				kind: "url",
				only: "attribute",
				hint: "Only of the tag with a key. This page’s policy allows this server alone.",
			},
			{
				name: "id",
				label: "Id for banter.get()",
				kind: "line",
				max: 100,
				only: "attribute",
				hint: "Distinguishes several chats on one page.",
			},
		],
	},
];

export const OPTIONS: readonly Option[] = SECTIONS.flatMap(({ options }) => options);

function flag(name: string, label: string, fallback: string): Option {
	return { name, label, kind: "flag", min: 0, max: 1, fallback };
}

function collect(detail: string, text: string): Option {
	return {
		...flag(`collect${detail}`, `Asks for the ${text}`, "false"),
		only: "attribute",
		stored: `collect_${detail.toLowerCase()}`,
	};
}

/** The attribute of an option. */
export function attributeOf(name: string): string {
	const words = name.replace(/\./g, "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
	return `data-${words}`;
}
