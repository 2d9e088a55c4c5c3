// The API as the tree describes it: openapi.json, and the table of routes in routes.def.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let parsed;

export function document() {
	parsed ??= JSON.parse(readFileSync(`${ROOT}workerd/api/openapi/openapi.json`, "utf8"));
	return parsed;
}

/** Resolves a $ref; returns any other value unchanged. */
export function resolve(value) {
	if (value?.$ref === undefined) return value;
	return value.$ref
		.replace(/^#\//, "")
		.split("/")
		.reduce((at, key) => at[key.replaceAll("~1", "/").replaceAll("~0", "~")], document());
}

/** A path without the names of its parameters, to compare both notations. */
const shapeOf = (path) => path.replace(/\{[^}]*\}|:[^/]+/g, "{}");

/**
 * Every operation with its responses by status: its own, and those to malformed requests (`default`, with
 * the statuses in x-statuses).
 */
export function operations() {
	return Object.entries(document().paths).flatMap(([path, item]) =>
		["get", "head", "post", "put", "patch", "delete"]
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

/** The operation of a request, or undefined. */
export function operationOf(method, path) {
	const segments = path.split("?")[0].split("/");
	const fits = ({ path: pattern }) => {
		const parts = pattern.split("/");
		return (
			parts.length === segments.length &&
			parts.every((part, i) => (part.startsWith("{") ? segments[i] !== "" : part === segments[i]))
		);
	};
	const found = (wanted) => operations().find((one) => one.method === wanted && fits(one));
	return found(method) ?? (method === "HEAD" ? found("GET") : undefined);
}

/** The rows of routes.def. */
export function routes() {
	const text = readFileSync(`${ROOT}workerd/api/routes.def`, "utf8");
	const row = /^ROUTE\((\w+), "([^"]+)", \w+, (\w+), (\w+), \d+, "(\w+)"\)$/gm;
	const all = [...text.matchAll(row)];
	assert.equal(all.length, text.match(/^ROUTE\(/gm).length, "every row was read");
	return all.map(([, method, pattern, guard, right, name]) => ({
		...{ method, pattern, guard, right, name },
		path: shapeOf(pattern),
	}));
}
