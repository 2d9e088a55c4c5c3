import assert from "node:assert/strict";
import { test } from "node:test";
import type { Widget } from "../../workerd/api/openapi/openapi";
import document from "../../workerd/api/openapi/openapi.json";
import { hexOf, lookOf, rgbOf } from "../src/ui/site-colors";
import {
	DEFAULTS,
	fieldsOf,
	formValue,
	NEW_WIDGET,
	settingsOf,
	type WidgetValue,
} from "../src/widgets/form-value";
import { textsOf, withText } from "../src/widgets/own-texts";
import { recordOf } from "../src/widgets/preview/record";
import { faultsOf } from "../src/widgets/rules";

const WIDGET: Widget = {
	id: "1",
	organization_id: "2",
	widget_id: "wid_1",
	agent_id: "3",
	name: null,
	greeting: "Hello",
	primary_color: "#123456",
	text_color: "#ffffff",
	position: "bottom_left",
	contact_info_mode: "required",
	collect_name: true,
	collect_email: true,
	collect_phone: false,
	allowed_origins: null,
	daily_message_cap: 5,
	retention_days: null,
	budget_text: null,
	hours: null,
	settings: {
		theme: "dark",
		teaser: { text: "Hi", delaySeconds: 0 },
		disclosure: { show: false },
		requiredFields: ["email"],
	},
	enabled: true,
	created_at: 1,
	updated_at: 2,
};

const value = (change: Partial<WidgetValue> = {}): WidgetValue => ({
	...formValue(WIDGET),
	...change,
});

interface Setting {
	readonly readOnly?: boolean;
	readonly properties?: Record<string, Setting>;
}

/** What can be set. */
function namesOf({ readOnly, properties }: Setting, path: string): string[] {
	if (readOnly) return [];
	if (!properties) return [path];
	return Object.entries(properties).flatMap(([name, one]) => namesOf(one, `${path}.${name}`));
}

test("the form has every setting that the server knows, with its default", () => {
	const schema: unknown = document.components.schemas.WidgetSettings;
	const names = namesOf(schema as Setting, "settings");
	assert.deepEqual(Object.keys(DEFAULTS).sort(), names.sort());
});

test("what was read is what would be sent", () => {
	assert.deepEqual(settingsOf(value()), WIDGET.settings);
	assert.deepEqual(settingsOf(NEW_WIDGET), { disclosure: { show: true } });
});

test("a setting with its default is not sent, but for the notice of an AI; an empty group neither", () => {
	const change = { "settings.teaser.text": "", "settings.teaser.delaySeconds": 5 } as const;
	assert.deepEqual(settingsOf(value(change)), {
		theme: "dark",
		disclosure: { show: false },
		requiredFields: ["email"],
	});
});

test("only changed fields are sent; the settings as a whole", () => {
	assert.deepEqual(fieldsOf({ name: "Shop" }, value({ name: "Shop" })), { name: "Shop" });
	assert.deepEqual(fieldsOf({ greeting: "" }, value({ greeting: "" })), { greeting: null });
	const change = { "settings.sound": true };
	assert.deepEqual(fieldsOf(change, value(change)), {
		settings: { ...WIDGET.settings, sound: true },
	});
});

test("lists are sent without the entries that were left empty", () => {
	const change = { allowed_origins: [" https://shop.example ", ""] };
	assert.deepEqual(fieldsOf(change, value(change)), { allowed_origins: ["https://shop.example"] });
	const starters = { "settings.starters": ["", "Where are you?"] };
	assert.deepEqual(settingsOf(value(starters)).starters, ["Where are you?"]);
});

test("only collected details are required, and no choice means all", () => {
	const required = (change: Partial<WidgetValue>) => settingsOf(value(change)).requiredFields;
	assert.deepEqual(required({}), ["email"]);
	assert.equal(required({ collect_email: false }), undefined);
	assert.equal(required({ "settings.requiredFields": ["name", "email"] }), undefined);
	assert.deepEqual(fieldsOf({ collect_email: false }, value({ collect_email: false })), {
		collect_email: false,
		settings: {
			theme: "dark",
			teaser: { text: "Hi", delaySeconds: 0 },
			disclosure: { show: false },
		},
	});
});

test("the server's rules are checked while the user types", () => {
	const wrong = (change: Partial<WidgetValue>) => Object.keys(faultsOf(value(change)));
	assert.deepEqual(wrong({}), []);
	const cases: ReadonlyArray<readonly [Partial<WidgetValue>, string]> = [
		[{ primary_color: "red" }, "primary_color"],
		[{ text_color: "#12345" }, "text_color"],
		[{ allowed_origins: ["https://shop.example/"] }, "allowed_origins"],
		[{ allowed_origins: ["shop.example"] }, "allowed_origins"],
		[{ daily_message_cap: 0 }, "daily_message_cap"],
		[{ retention_days: 1.5 }, "retention_days"],
		[{ "settings.radius": 41 }, "settings.radius"],
		[{ "settings.avatar": "http://shop.example/a.png" }, "settings.avatar"],
		[{ "settings.disclosure.link": "http://shop.example/" }, "settings.disclosure.link"],
		[{ "settings.disclosure.link": "https://a@shop.example/" }, "settings.disclosure.link"],
		[{ "settings.teaser.paths": ["shop"] }, "settings.teaser.paths"],
		[{ collect_name: false, collect_email: false }, "contact_info_mode"],
	];
	for (const [change, name] of cases) assert.deepEqual(wrong(change), [name], name);
	const right = [
		{ primary_color: "#abc" },
		{ allowed_origins: ["", "http://localhost:3000"] },
		{ daily_message_cap: null },
		{ "settings.avatar": "" },
		{ "settings.disclosure.link": "https://intranet:8443/privacy_(2026)#data" },
		{ "settings.teaser.paths": ["/shop/*", "*"] },
	];
	for (const change of right) assert.deepEqual(wrong(change), []);
});

test("own texts are set and removed by language and key", () => {
	const one = withText({}, "", "send", "Go");
	const two = withText(one, "de", "send", "Los");
	assert.deepEqual(two, { send: "Go", de: { send: "Los" } });
	assert.deepEqual(textsOf(two, ""), { send: "Go" });
	assert.deepEqual(textsOf(two, "de"), { send: "Los" });
	assert.deepEqual(withText(two, "de", "send", null), { send: "Go" });
	assert.deepEqual(withText(two, "", "send", null), { de: { send: "Los" } });
});

test("the preview shows a teaser at once, and what the server would say of contact details", () => {
	const { settings, contact } = recordOf(value({ "settings.teaser.paths": ["/shop"] }));
	assert.deepEqual(settings?.teaser, { text: "Hi", delaySeconds: 0, oncePerVisitor: false });
	assert.deepEqual(contact, {
		mode: "required",
		fields: [
			{ name: "name", required: false },
			{ name: "email", required: true },
		],
	});
});

test("the contrast is that of the chosen colours; the widget's are readable", () => {
	assert.deepEqual(rgbOf("#abc"), [170, 187, 204]);
	assert.equal(hexOf([170, 187, 204]), "#aabbcc");
	assert.equal(lookOf("red", "#fff"), null);
	const kept = lookOf("#123456", "#ffffff");
	assert.equal(kept?.isCorrected, false);
	assert.equal(kept?.ground, "#123456");
	const corrected = lookOf("#ffee00", "#ffffff");
	assert.equal(corrected?.isCorrected, true);
	assert.equal(corrected?.text, "#000000");
	assert.ok((corrected?.ratio ?? 9) < 1.3);
});
