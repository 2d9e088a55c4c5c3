import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveSettings, type Settings } from "../src/app/settings";

const WHITE = [255, 255, 255];
/** The defaults of the tag with a widget id. */
const OURS: Settings = {
	title: "Chat with us",
	welcomeMessage: "Hi there! How can we help?",
	inputPlaceholder: "",
	theme: "auto",
	accent: [99, 102, 241],
	onAccent: WHITE,
	picture: "",
	radius: 16,
	inheritsFont: false,
	contact: null,
	plainText: false,
	showTimes: true,
	rating: false,
	offersPerson: false,
	agentName: "",
	avatar: "",
	sound: false,
	unreadInTitle: false,
	starters: [],
	teaser: { text: "", delaySeconds: 5, paths: [], scrollPercent: 0, oncePerVisitor: true },
	disclosure: { show: false, text: "", link: "" },
};
/** Those of open-chat-widget's tag. */
const KEYED: Settings = {
	...OURS,
	title: "Assistant",
	welcomeMessage: "Hi! Ask me anything and I will help you out.",
	inputPlaceholder: "Type your message...",
	accent: [14, 165, 233],
	onAccent: null,
};

function parseHex(text: string): number[] | null {
	const digits = /^#(..)(..)(..)$/.exec(text.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3"));
	return digits?.slice(1).map((two) => Number.parseInt(two, 16)) ?? null;
}

interface Given {
	readonly attributes?: Readonly<Record<string, string>>;
	readonly record?: Readonly<Record<string, unknown>>;
	readonly overrides?: Readonly<Record<string, unknown>>;
	readonly widgetId?: string;
}

function resolve({ attributes = {}, record = {}, overrides = {}, widgetId = "wid_1" }: Given) {
	return resolveSettings(
		{ script: { dataset: attributes }, record, overrides, widgetId },
		parseHex,
	);
}

test("without attributes and record the defaults of the tag apply", () => {
	assert.deepEqual(resolve({}), OURS);
	assert.deepEqual(resolve({ widgetId: "" }), KEYED);
});

test("the attributes of system A are taken as written", () => {
	const settings = resolve({
		widgetId: "",
		attributes: {
			title: " Support ",
			welcomeMessage: "Hey! How can I help?",
			inputPlaceholder: "Type your question...",
			accentColor: "#0ea5e9",
		},
	});
	assert.deepEqual(settings, {
		...KEYED,
		title: "Support",
		welcomeMessage: "Hey! How can I help?",
		inputPlaceholder: "Type your question...",
	});
});

test("the record's values are used", () => {
	const record = {
		name: "Support",
		greeting: "Hello!",
		primary_color: "#f00",
		text_color: "#000000",
		contact_info_mode: "required",
		requiredFields: ["email"],
		collect_name: true,
		collect_email: true,
		collect_phone: false,
		starters: ["Where is my order?", " ", "x".repeat(101), 7, "Do you deliver?"],
		unreadInTitle: true,
	};
	assert.deepEqual(resolve({ record }), {
		...OURS,
		title: "Support",
		welcomeMessage: "Hello!",
		accent: [255, 0, 0],
		onAccent: [0, 0, 0],
		contact: { required: true, fields: ["name", "email"], needed: ["email"] },
		starters: ["Where is my order?", "Do you deliver?"],
		unreadInTitle: true,
	});
});

test("attributes ask for contact details", () => {
	const ask = (attributes: Record<string, string>) => resolve({ widgetId: "", attributes }).contact;
	const optional = { contactInfoMode: "optional", collectEmail: "true", collectName: "false" };
	const required = { contactInfoMode: "required", collectEmail: "true", collectPhone: "true" };
	const fields = ["email", "phone"];
	assert.deepEqual(ask(optional), { required: false, fields: ["email"], needed: [] });
	assert.deepEqual(ask(required), { required: true, fields, needed: fields });
	for (const requiredFields of ["phone", "phone\nname"])
		assert.deepEqual(ask({ ...required, requiredFields })?.needed, ["phone"]);
	assert.deepEqual(ask({ ...required, requiredFields: "all" })?.needed, fields);
	for (const wrong of ["", "none", "Required"])
		assert.equal(ask({ ...required, contactInfoMode: wrong }), null);
	assert.equal(ask({ contactInfoMode: "required" }), null);
});

test("a teaser is set by attributes or by the record", () => {
	const teaser = {
		text: "Need help?",
		delaySeconds: 2,
		paths: ["/shop/*"],
		scrollPercent: 50,
		oncePerVisitor: false,
	};
	assert.deepEqual(resolve({ record: { teaser } }).teaser, teaser);
	const attributes = {
		teaserText: "Need help?",
		teaserDelaySeconds: "2",
		teaserPaths: "/shop/*",
		teaserScrollPercent: "50",
		teaserOncePerVisitor: "false",
	};
	assert.deepEqual(resolve({ attributes }).teaser, teaser);
});

test("a call of the page comes before the attribute, which comes before the record", () => {
	const record = { name: "record", sound: true };
	const attributes = { title: "attribute", sound: "false" };
	assert.equal(resolve({ record, attributes }).title, "attribute");
	assert.equal(resolve({ record, attributes }).sound, false);
	assert.equal(resolve({ record, attributes, overrides: { title: "call" } }).title, "call");
});

const WRONG: readonly Given[] = [
	{ record: { name: 7, greeting: null, primary_color: "red", starters: "" } },
	{ record: { name: "  ", text_color: "#12345", contact_info_mode: "required" } },
	{ record: { contact_info_mode: "none", collect_email: true } },
	{ attributes: { title: " ", accentColor: "red;} body{display:none", starters: "\n\n" } },
];

for (const given of WRONG) {
	test(`missing and invalid values have their defaults: ${JSON.stringify(given)}`, () => {
		assert.deepEqual(resolve(given), OURS);
	});
}
