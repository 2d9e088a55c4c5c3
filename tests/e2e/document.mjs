// The contract as it stands in the tree: openapi.json, read for tests, and the table of routes that
// it must agree with.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let parsed;

export function document() {
	parsed ??= JSON.parse(readFileSync(`${ROOT}workerd/api/openapi/openapi.json`, "utf8"));
	return parsed;
}

/** What a $ref stands for; anything else is itself. */
export function resolve(value) {
	if (value?.$ref === undefined) return value;
	return value.$ref
		.replace(/^#\//, "")
		.split("/")
		.reduce((at, key) => at[key.replaceAll("~1", "/").replaceAll("~0", "~")], document());
}

/** A path with its parameters left nameless, as two spellings of it can be compared. */
const shapeOf = (path) => path.replace(/\{[^}]*\}|:[^/]+/g, "{}");

/** Every operation with its answers by status: its own, and those to a request that cannot be read
 * (`default`, whose statuses stand in x-statuses). */
export function operations() {
	return Object.entries(document().paths).flatMap(([path, item]) =>
		["get", "post", "put", "delete"]
			.filter((method) => item[method])
			.map((method) => {
				const { default: other, ...named } = item[method].responses;
				const unread = resolve(other);
				return {
					method: method.toUpperCase(),
					path,
					shape: shapeOf(path),
					operationId: item[method].operationId,
					responses: new Map(
						Object.entries(named).map(([status, response]) => [Number(status), resolve(response)]),
					),
					unread: new Map(unread["x-statuses"].map((status) => [status, unread])),
				};
			}),
	);
}

/** The operation that a request is for, or undefined. */
export function operationOf(method, path) {
	const segments = path.split("?")[0].split("/");
	const fits = ({ path: pattern }) => {
		const parts = pattern.split("/");
		return (
			parts.length === segments.length &&
			parts.every((part, i) => (part.startsWith("{") ? segments[i] !== "" : part === segments[i]))
		);
	};
	const wanted = method === "HEAD" ? "GET" : method;
	return operations().find((one) => one.method === wanted && fits(one));
}

/** The rows of routes.def. */
export function routes() {
	const text = readFileSync(`${ROOT}workerd/api/routes.def`, "utf8");
	return [...text.matchAll(/^ROUTE\((\w+), "([^"]+)", \w+, (\w+), \d+, "(\w+)"\)$/gm)].map(
		([, method, pattern, guard, name]) => ({
			method,
			path: shapeOf(pattern),
			pattern,
			guard,
			name,
		}),
	);
}
