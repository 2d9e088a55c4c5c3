// workerd/api/openapi/openapi.json against all that must agree with it: the rules of OpenAPI 3.1, the table
// of routes, the version, the statuses that the metrics tell apart, and the types that the front
// ends are checked with. Prints what is wrong, exits 1 if anything is.
//
//	node tests/lint/openapi.mjs [--write]	--write: makes the types anew

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { document, operations, ROOT, routes } from "../e2e/document.mjs";

// The linter of @redocly/cli, without the pages and the mock server that come with that.
const { createConfig, lint } = createRequire(import.meta.url)("@redocly/openapi-core");

const DOCUMENT = `${ROOT}workerd/api/openapi/openapi.json`;
const TYPES = `${ROOT}workerd/api/openapi/openapi.d.ts`;

/** Two paths of the published contract that a method alone tells apart. */
const KNOWN_AMBIGUITY = "`/v1/chat/stream/{messageId}` and `/v1/chat/{messageId}/stop`";

/** What goes over the WebSocket: OpenAPI has no place that could refer to it. */
const FRAMES = /"(VisitorSays|WidgetSays)" is never used/;

const TYPES_HEAD = `// The types of openapi.json's schemas, made by \`node tests/lint/openapi.mjs --write\`. The front
// ends are checked with them, so that server and pages cannot drift apart; they are in no bundle.

`;

const read = (path) => readFileSync(ROOT + path, "utf8");

async function rules() {
	const config = await createConfig({
		extends: ["recommended-strict"],
		rules: {
			// The address is put in when somebody asks for the document.
			"no-server-example.com": "off",
			"no-ambiguous-paths": "error",
			"no-identical-paths": "error",
			"operation-operationId": "error",
			"response-contains-header": {
				severity: "error",
				names: Object.fromEntries(["2xx", "3xx", "4xx", "5xx"].map((x) => [x, ["X-Request-Id"]])),
			},
		},
	});
	const problems = await lint({ ref: DOCUMENT, config });
	return problems
		.filter((one) => !one.message.includes(KNOWN_AMBIGUITY) && !FRAMES.test(one.message))
		.map((one) => `${one.location[0]?.pointer}: ${one.message} (${one.ruleId})`);
}

/** What is in one list and not in the other. */
function difference(what, ours, theirs) {
	return ours.filter((one) => !theirs.includes(one)).map((one) => `${one} ${what}`);
}

function routesAgree() {
	const inTable = routes().map(({ method, path }) => `${method} ${path}`);
	const inDocument = operations().map(({ method, shape }) => `${method} ${shape}`);
	return [
		...difference("is in routes.def and not in openapi.json", inTable, inDocument),
		...difference("is in openapi.json and not in routes.def", inDocument, inTable),
	];
}

function versionAgrees() {
	const version = /^VERSION := (\S+)$/m.exec(read("Makefile"))?.[1];
	const said = document().info.version;
	return said === version ? [] : [`info.version is ${said}, the Makefile's VERSION ${version}`];
}

function statusesAreCounted() {
	const counted = [...read("proto/ipc/metrics.def").matchAll(/^STATUS\((\d+)\)$/gm)].map(([, n]) => n);
	const documented = operations().flatMap(({ responses, unread }) =>
		[...responses.keys(), ...unread.keys()].map(String),
	);
	return difference(
		"is documented and not in proto/ipc/metrics.def",
		[...new Set(documented)],
		counted,
	);
}

/** The types of the schemas alone: of paths and headers the front ends have no use. */
async function makeTypes() {
	const { schemas } = document().components;
	const ast = await openapiTS(
		// A copy, because it is changed.
		structuredClone({ ...document(), paths: {}, components: { schemas } }),
		{ rootTypes: true, rootTypesNoSchemaPrefix: true },
	);
	return TYPES_HEAD + astToString(ast);
}

async function typesAreCurrent() {
	let current = "";
	try {
		current = readFileSync(TYPES, "utf8");
	} catch {
		// Then it is not current.
	}
	return (await makeTypes()) === current
		? []
		: ["workerd/api/openapi/openapi.d.ts is not current; node tests/lint/openapi.mjs --write"];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	if (process.argv.includes("--write")) writeFileSync(TYPES, await makeTypes());
	const problems = [
		...(await rules()),
		...routesAgree(),
		...versionAgrees(),
		...statusesAreCounted(),
		...(await typesAreCurrent()),
	];
	for (const problem of problems) console.error(`openapi.json: ${problem}`);
	process.exit(problems.length > 0 ? 1 : 0);
}
