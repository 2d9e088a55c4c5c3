import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ApiError, type Reasons } from "../src/api/errors";
import de from "../src/refusals/texts/de.json";
import en from "../src/refusals/texts/en.json";
import { translate } from "../src/refusals/translate";

interface Details {
	readonly code?: string;
	readonly fields?: Record<string, string>;
	readonly reasons?: Reasons;
}

const refusal = (status: number, message: string, details: Details) =>
	new ApiError("refused", status, message, details);

test("a field has its text, with what would be valid", async () => {
	const fields = {
		name: "must be a line of 1 to 1000 characters",
		role: "must be owner or member",
	};
	const error = await translate(
		refusal(422, "Some fields are invalid", {
			code: "invalid_fields",
			fields,
			reasons: {
				name: { code: "line", min: 1, max: 1000 },
				role: { code: "choice", choices: ["owner", "member"] },
			},
		}),
		"/v1/admin/users",
	);
	assert.deepEqual(error.fields, {
		name: "Enter one line of 1 to 1,000 characters.",
		role: "Choose owner or member.",
	});
	assert.deepEqual([error.status, error.code], [422, "invalid_fields"]);
});

test("a refusal has the text of its kind, otherwise that of its code, otherwise the server's", async () => {
	const textOf = async (code: string, path: string) =>
		(await translate(refusal(409, "The server's", { code }), path)).message;
	assert.equal(await textOf("exists", "/v1/admin/tags/{tagId}"), en.error_exists_tags);
	assert.equal(await textOf("exists", "/v1/admin/others"), en.error_exists);
	assert.equal(await textOf("new_code", "/v1/admin/tags"), "The server's");
	const fields = { name: "is new" };
	// An older dashboard and a newer server.
	const reasons = { name: { code: "new" } } as unknown as Reasons;
	const error = refusal(422, "No", { code: "invalid_fields", fields, reasons });
	assert.deepEqual((await translate(error, "/v1/admin/tags")).fields, fields);
	const older = refusal(422, "No", { code: "invalid_fields", fields });
	assert.deepEqual((await translate(older, "/v1/admin/tags")).fields, fields);
});

/** The codes of the reasons in the server's source. */
const codes = [
	...readFileSync("../workerd/api/fields/field_reasons.def", "utf8").matchAll(
		/^REASON\(\w+, "(\w+)"/gm,
	),
].map(([, code]) => code);

test("each reason of the server to refuse a field has a text, and no other one", () => {
	const texts = Object.keys(de).filter((key) => key.startsWith("field_"));
	assert.ok(codes.length > 50);
	assert.deepEqual(texts.sort(), codes.map((code) => `field_${code}`).sort());
});

interface Answer {
	readonly $ref?: string;
	readonly content?: Record<
		string,
		{ example?: Refusal; examples?: Record<string, { value: Refusal }> }
	>;
}
interface Refusal {
	readonly code?: string;
}

/** The codes that the document has for the answers of the pages' requests with these statuses. */
function documentedCodes(statuses: RegExp): Set<string> {
	const document = JSON.parse(readFileSync("../workerd/api/openapi/openapi.json", "utf8"));
	const found = new Set<string>();
	const resolve = ({ $ref, ...own }: Answer): Answer =>
		$ref ? document.components.responses[$ref.split("/").at(-1) ?? ""] : own;
	for (const [path, item] of Object.entries<Record<string, { responses: Record<string, Answer> }>>(
		document.paths,
	))
		if (/^\/v1\/(admin|invitations)/.test(path))
			for (const { responses = {} } of Object.values(item))
				for (const [status, answer] of Object.entries(responses))
					if (statuses.test(status))
						for (const { example, examples = {} } of Object.values(resolve(answer).content ?? {}))
							for (const { code } of [
								example,
								...Object.values(examples).map((one) => one.value),
							].flatMap((one) => one ?? []))
								if (code) found.add(code);
	return found;
}

test("each documented refusal has a text", () => {
	const documented = documentedCodes(/^(400|404|409|410|413|422)$/);
	assert.ok(documented.has("last_owner") && documented.has("invitation_used"));
	assert.deepEqual(
		[...documented].filter((code) => !(`error_${code}` in en)),
		[],
	);
});
