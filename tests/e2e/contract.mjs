// Checks responses against openapi.json: the status, the headers and the content type must be documented, and
// the body must match the schema without any further members.

import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { request } from "./client.mjs";
import { document, operationOf, operations, resolve } from "./document.mjs";
import { parseLines } from "./tool.mjs";

/** The headers of every response, as the document's introduction says. */
const ALWAYS = {
	"x-content-type-options": /^nosniff$/,
	"x-frame-options": /^DENY$/,
	"referrer-policy": /^no-referrer$/,
	"permissions-policy": /^camera=\(\), microphone=\(\), geolocation=\(\)$/,
	vary: /\bOrigin\b/,
	date: /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
};

/** Headers that any response may have. */
const EVERYWHERE = new Set([
	...Object.keys(ALWAYS),
	"connection",
	"content-length",
	"transfer-encoding",
	"content-type",
	"strict-transport-security",
	"access-control-allow-origin",
	"access-control-expose-headers",
]);

/** A schema in which no object may have members that it does not list. */
function closed(value) {
	if (Array.isArray(value)) return value.map(closed);
	if (value === null || typeof value !== "object") return value;
	const copy = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
	if (copy.type === "object" && copy.properties) copy.additionalProperties ??= false;
	return copy;
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const { schemas } = document().components;
ajv.addSchema({ $id: "doc", components: { schemas: closed(schemas) } });

const compiled = new Map();

/** The compiled validator of a schema. */
function validator(schema) {
	const key = JSON.stringify(schema);
	const absolute = key.replaceAll('"#/components/', '"doc#/components/');
	if (!compiled.has(key)) compiled.set(key, ajv.compile(JSON.parse(absolute)));
	return compiled.get(key);
}

/** Checks that the value matches the schema. */
function assertValid(schema, value, what) {
	const validate = validator(schema);
	assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)}`);
}

/** Whether the value matches the schema of this name. */
export function conforms(schema, value) {
	return validator({ $ref: `#/components/schemas/${schema}` })(value);
}

/** The value of a header, converted to the type of its schema. */
function typed(schema, value) {
	if (schema.type !== "integer") return Array.isArray(value) ? value[0] : value;
	assert.match(value, /^\d+$/);
	return Number(value);
}

/** Checks the headers that every response has. */
export function assertCommonHeaders({ headers }, what) {
	for (const [name, value] of Object.entries(ALWAYS))
		assert.match(headers[name] ?? "", value, `${what}: ${name}`);
}

function checkHeaders(documented, answer, what) {
	const lower = ([name, ref]) => [name.toLowerCase(), resolve(ref)];
	const known = Object.entries(documented ?? {}).map(lower);
	for (const [name, { required, schema }] of known) {
		const value = answer.headers[name];
		assert.ok(value !== undefined || !required, `${what}: no ${name}`);
		if (value !== undefined) assertValid(schema, typed(schema, value), `${what}: ${name}`);
	}
	assertCommonHeaders(answer, what);
	const names = new Set(known.map(([name]) => name));
	if (answer.status >= 400) {
		assert.equal(answer.headers["cache-control"], "no-store", what);
		names.add("cache-control");
	}
	for (const name of Object.keys(answer.headers))
		assert.ok(names.has(name) || EVERYWHERE.has(name), `${what}: ${name} is not documented`);
}

/** The JSON values of a body: the lines of NDJSON, the data of server-sent events. */
function valuesOf(type, text) {
	if (type === "application/json") return [JSON.parse(text)];
	if (type === "text/event-stream")
		return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
	if (type !== "application/x-ndjson") return [text];
	return parseLines(text);
}

function checkBody(content, answer, what, isHead) {
	if (content === undefined || isHead) {
		assert.equal(answer.bytes.length, 0, `${what}: unexpected body`);
		if (content === undefined && !isHead)
			assert.equal(answer.headers["content-type"], undefined, what);
		return;
	}
	const type = answer.headers["content-type"]?.split(";")[0];
	const { schema } = content[type] ?? content["*/*"] ?? {};
	assert.ok(schema, `${what}: ${type} is not documented`);
	if (answer.headers["content-encoding"]) return;
	for (const value of valuesOf(type, answer.bytes.toString())) assertValid(schema, value, what);
}

/** The test files that show the documented statuses of these operations; contract.test.mjs shows all others. */
const FILES = [
	["agents", /^\/v1\/admin\/(agents\/.*\/(test|prompt)|models)$/],
	["widget-status", /^\/v1\/admin\/widgets\/[^/]+\/status$/],
	["blocks", /^\/v1\/admin\/blocks\b/],
	["bulk", /^\/v1\/admin\/conversations\/(bulk|export)$/],
	["exports", /^\/v1\/admin\/.*\/export$/],
	["tool-actions", /^\/v1\/(admin|chat)\/steps\b/],
	["mcp", /^\/v1\/admin\/mcp-tools$/],
	["tools", /^\/v1\/admin\/(tools\b|conversations\/.*\/steps$)/],
	[
		"inbox",
		/^\/v1\/admin\/(tags|teams|snippets|counts|mentions|conversations\/.*\/(notes|following)|contacts\/.*\/merge)\b/,
	],
	["records", /^\/v1\/admin\/(widgets|agents|contacts|users)\b/],
	["hours", /^\/v1\/admin\/(hours|me\/availability)$/],
	["accounts", /^\/v1\/admin\/(me|logins|keys|people)\b/],
	["takeover", /^\/v1\/admin\/conversations\/.*\/(takeover|handback|messages)$/],
	["conversation-events", /^\/v1\/admin\/conversations\/[^/]+\/(events|typing|presence)$/],
	[
		"widget-feed",
		/^\/api\/widget\/[^/]+\/(events|frames)$|^\/v1\/chat\/(feed\/)?frames$|^\/v1\/chat\/feed$/,
	],
	["webhooks", /^\/v1\/admin\/webhooks\b/],
	["channels", /^\/v1\/channels\b/],
	["mail-visitors", /^\/v1\/mails\/|^\/v1\/admin\/conversations\/.*\/transcript$/],
	["conversations", /^\/v1\/admin\/(conversations|visitors)\b/],
	["events", /^\/v1\/admin\/events$/],
	["numbers", /^\/v1\/admin\/numbers$/],
	["search", /^\/v1\/admin\/search$/],
	["content-sources", /^\/v1\/admin\/sources\b/],
	["content-answers", /^\/v1\/admin\/(answers|gaps)\b/],
	["content-find", /^\/v1\/admin\/find$/],
	["invitations", /^\/v1\/(admin\/)?invitations\b/],
	["password-resets", /^\/v1\/password-resets\b/],
	["administration", /^\/v1\/admin\/(prices|server)$/],
	["rights", /^\/v1\/admin\/rights$/],
	["budgets", /^\/v1\/admin\/budgets$/],
	["login", /^\/api\/log/],
];

/** Their answers need a file, its token or its signed address: files.test.mjs checks those that it causes. */
const FILE_PATHS = /^\/v1\/files\/|\/files$/;

/** The test file that shows this status of an operation. */
function fileFor(path, status) {
	if (FILE_PATHS.test(path)) return "files";
	const isCommon = [403, 503, "default"].includes(status);
	if (isCommon || (status === 401 && path.startsWith("/v1/admin/"))) return "contract";
	return FILES.find(([, paths]) => paths.test(path))?.[0] ?? "contract";
}

/** Checks responses, and records which statuses of which operations occurred. */
export class Contract {
	#seen = new Set();

	/** Checks a response. unread: the request was malformed (`default` in the document). */
	check(method, path, answer, { unread = false } = {}) {
		const operation = operationOf(method, path);
		assert.ok(operation, `${method} ${path} is not documented`);
		const what = `${method} ${operation.path} ${answer.status}`;
		const response = operation[unread ? "unread" : "responses"].get(answer.status);
		assert.ok(response, `${what} is not documented: ${answer.bytes}`);
		checkHeaders(response.headers, answer, what);
		checkBody(response.content, answer, what, method === "HEAD");
		this.#seen.add(`${operation.operationId} ${unread ? "default" : answer.status}`);
		return answer;
	}

	/** Checks a stream with the events that it has brought so far. */
	checkStream(path, { status, headers }, events) {
		const prefix = headers["content-type"].startsWith("text/event-stream") ? "data: " : "";
		const lines = events.map((event) => `${prefix}${JSON.stringify(event)}\n`);
		return this.check("GET", path, { status, headers, bytes: Buffer.from(lines.join("")) });
	}

	/** Sends a request, and checks the status (or that it is one of several) and the response. */
	async drive(banter, status, method, path, options) {
		const answer = await request(banter.url, method, path, options);
		const what = `${answer.status} to ${method} ${path}, not ${status}: ${answer.text}`;
		assert.ok([status].flat().includes(answer.status), what);
		return this.check(method, path, answer);
	}

	/** Checks that all documented statuses occurred that this file shows. */
	assertComplete(file) {
		const missing = operations()
			.flatMap(({ path, operationId, responses }) =>
				[...responses.keys(), "default"]
					.filter((status) => fileFor(path, status) === file)
					.map((status) => `${operationId} ${status}`),
			)
			.filter((one) => !this.#seen.has(one));
		assert.deepEqual(missing, []);
	}
}
