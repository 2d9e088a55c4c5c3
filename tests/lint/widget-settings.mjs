// Checks that the schema WidgetSettings in openapi.json and the table in widget/README.md follow
// workerd/api/widget/widget_settings.def. Prints each error, and exits with status 1 if there are any.
//
//	node tests/lint/widget-settings.mjs [--write]	--write: updates both

import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { document, ROOT } from "../e2e/document.mjs";

const DOCUMENT = `${ROOT}workerd/api/openapi/openapi.json`;
const PAGE = `${ROOT}widget/README.md`;
const BEGIN = "<!-- settings: begin -->\n";
const END = "<!-- settings: end -->";

const ROW =
	/^SETTING\((NULL|"\w+"), "(\w+)", (\w+), (\d+), (\d+), (?:NULL|CHOICES\((.*?)\)), "([^"]*)", "(.*)"\)$/gm;

const bare = (text) => text.replaceAll('"', "");

/** The rows of the table. */
function settings() {
	const table = readFileSync(`${ROOT}workerd/api/widget/widget_settings.def`, "utf8");
	const rows = [...table.matchAll(ROW)].map(
		([, group, name, kind, min, max, choices, fallback, text]) => ({
			group: group === "NULL" ? undefined : bare(group),
			name,
			kind: kind.replace(/^(widget_setting|field)_/, ""),
			min: Number(min),
			max: Number(max),
			choices: choices === undefined ? [] : bare(choices).split(", "),
			fallback,
			text: text.replaceAll('\\"', '"'),
		}),
	);
	if (rows.length !== table.match(/^SETTING\(/gm).length)
		throw new Error("widget_settings.def: a row has another form");
	return rows;
}

const list = (row, items) => ({ type: "array", maxItems: row.max, items });
const TEXT = { type: "string", maxLength: 500 };

const SCHEMAS = {
	choice: (row) => ({ enum: row.choices }),
	flag: () => ({ type: "boolean" }),
	line: (row) => ({ type: "string", maxLength: row.max }),
	number: (row) => ({ type: "integer", minimum: row.min, maximum: row.max }),
	locale: (row) => ({ type: "string", maxLength: row.max }),
	picture: (row) => ({ type: "string", maxLength: row.max, pattern: "^(https://.+)?$" }),
	link: (row) => ({ type: "string", maxLength: row.max, pattern: "^(https://.+)?$" }),
	lines: (row) => list(row, { type: "string", minLength: 1, maxLength: 100 }),
	paths: (row) => list(row, { type: "string", pattern: "^[/*]", maxLength: 200 }),
	contact_fields: (row) => list(row, { enum: ["name", "email", "phone"] }),
	file_kinds: (row) =>
		list(row, { enum: ["jpeg", "png", "webp", "gif", "pdf", "text", "docx", "xlsx"] }),
	texts: (row) => ({
		type: "object",
		maxProperties: row.max,
		additionalProperties: {
			anyOf: [TEXT, { type: "object", maxProperties: row.max, additionalProperties: TEXT }],
		},
	}),
};

/** The text of the table's column with the allowed values. */
const VALUES = {
	choice: (row) => row.choices.map((one) => `\`${one}\``).join(", "),
	flag: () => "true, false",
	line: (row) => `a line of at most ${row.max} characters`,
	number: (row) => `${row.min} to ${row.max}`,
	locale: () => "`auto` or a language",
	picture: () => "an https address",
	link: () => "an https address",
	lines: (row) => `at most ${row.max} lines`,
	paths: (row) => `at most ${row.max} paths`,
	contact_fields: () => "a list",
	file_kinds: () => "a list",
	texts: () => "an object",
};

/** What a page is told beside the settings of a group. */
const TOLD = {
	files: {
		perMessage: {
			type: "integer",
			readOnly: true,
			description: "Files of a message (`FILES_PER_MESSAGE`), if visitors may send some.",
		},
		maxBytes: {
			type: "integer",
			readOnly: true,
			description: "Bytes of a file (`FILES_EACH_MAX_BYTES`), if visitors may send some.",
		},
	},
};

function schema(rows) {
	const properties = {};
	for (const row of rows) {
		const description = `${row.text} Default: ${row.fallback || "none"}.`;
		const member = { ...SCHEMAS[row.kind](row), description };
		if (row.group === undefined) properties[row.name] = member;
		else {
			properties[row.group] ??= { type: "object", properties: {} };
			properties[row.group].properties[row.name] = member;
		}
	}
	for (const [group, members] of Object.entries(TOLD))
		Object.assign(properties[group].properties, members);
	return {
		type: ["object", "null"],
		description:
			"How the widget looks and behaves; at most 16384 bytes. Members that are not set have their default. A change replaces the whole object; null: all defaults.",
		properties,
	};
}

function table(rows) {
	const cells = rows.map(
		(row) =>
			`| \`${[row.group, row.name].filter(Boolean).join(".")}\` | ${VALUES[row.kind](row)} | ${row.fallback ? `\`${row.fallback}\`` : ""} | ${row.text} |\n`,
	);
	return `| setting | values | default | |\n|---|---|---|---|\n${cells.join("")}`;
}

function replaced(text, begin, end, by) {
	const from = text.indexOf(begin) + begin.length;
	const to = text.indexOf(end, from);
	if (from < begin.length || to < 0) throw new Error(`there is no ${begin.trim()}`);
	return text.slice(0, from) + by + text.slice(to);
}

const rows = settings();
const page = readFileSync(PAGE, "utf8");
const expected = replaced(page, BEGIN, END, table(rows));
if (process.argv.includes("--write")) {
	const json = JSON.stringify(schema(rows), null, 2).replaceAll("\n", "\n      ");
	const text = readFileSync(DOCUMENT, "utf8");
	writeFileSync(DOCUMENT, replaced(text, '"WidgetSettings": ', ',\n      "WidgetConfig"', json));
	writeFileSync(PAGE, expected);
} else {
	const current = document().components.schemas.WidgetSettings;
	const wrong = [
		...(isDeepStrictEqual(current, schema(rows)) ? [] : ["openapi.json: WidgetSettings"]),
		...(page === expected ? [] : ["widget/README.md: the table of settings"]),
	];
	for (const what of wrong)
		console.error(
			`${what} differs from widget_settings.def; node tests/lint/widget-settings.mjs --write updates it`,
		);
	process.exit(wrong.length > 0 ? 1 : 0);
}
