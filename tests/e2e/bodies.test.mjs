// Bodies of the admin API: a member is refused exactly if it violates the OpenAPI document. Each
// value is sent with an unknown member, so that the request never takes effect.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN, addUser, logIn } from "./accounts.mjs";
import { conforms } from "./contract.mjs";
import { document, resolve } from "./document.mjs";
import { useBanter } from "./harness.mjs";
import {
	AGENT,
	adminRequest,
	connectToStore,
	openVisitor,
	submitContact,
	WIDGET,
} from "./organizations.mjs";

const UNKNOWN = "not a member";

/** Operations with a body: path, schema, and the required members besides the tested one. */
const OPERATIONS = [
	["POST", () => "widgets", "WidgetFields", {}],
	["PUT", () => `widgets/${WIDGET}`, "WidgetFields", {}],
	["POST", () => "agents", "AgentFields", { name: "A" }],
	["PUT", () => `agents/${AGENT}`, "AgentFields", {}],
	["POST", () => `agents/${AGENT}/test`, "AgentTest", { message: "x" }],
	["PUT", ({ contact }) => `contacts/${contact}`, "ContactFields", {}],
	["POST", () => "users", "NewUser", { email: "n@bodies.example", password: "0123456789" }],
	["PUT", ({ user }) => `users/${user}`, "UserChange", {}],
	["POST", () => "keys", "KeyRequest", { kind: "admin" }],
	["PUT", () => "me/password", "PasswordChange", { current: "x", new: "0123456789" }],
];

/** Values tried for every member. */
const ANY = [
	...[null, true, false, 0, 1, -1, 1.5, 2, 4294967295, 4294967296, 1e30],
	...["", " ", "x", "1", "#fff", "#FFFFFF", "#ffff", "red", "a@b.example", "a@"],
	...[[], [1], ["https://a.example"], ["https://a.example/"], {}],
];

/** And values at the limits of its schema. */
function edges({ minLength, maxLength, minimum, maximum, enum: choices = [] }) {
	const around = (n) => (n === undefined ? [] : [n - 1, n, n + 1]);
	const lengths = [...around(minLength), ...around(maxLength)];
	const texts = lengths.map((length) => "x".repeat(Math.max(length, 0)));
	return [...texts, ...around(minimum), ...around(maximum), ...choices];
}

/**
 * Members whose validity depends on the stored object, the settings or another member, which a
 * schema cannot express.
 */
const ELSEWHERE = new Set([
	...["id", "organization_id", "widget_id", "created_at", "updated_at"],
	...["base_url", "key_name", "contact_info_mode"],
	"UserChange.email",
	"ContactFields.user_id",
]);

describe("a member of a body is refused as documented:", () => {
	const banter = useBanter({ workers: 1 });
	const ids = {};
	let session;

	before(async () => {
		const peer = await connectToStore(banter);
		const { widget_id } = (await adminRequest(banter, "GET", `widgets/${WIDGET}`)).json;
		ids.contact = await submitContact(await openVisitor(peer, widget_id), {
			email: "a@bodies.example",
		});
		peer.close();
		session = await logIn(banter, await addUser(banter, "u@bodies.example"));
		ids.user = (await adminRequest(banter, "GET", "me", undefined, session)).json.user.id;
	});

	/** Whether the service rejects this member of a body or a part of it. */
	async function refuses(method, path, body, name) {
		const headers = path.startsWith("me/") ? session : ADMIN;
		const answer = await adminRequest(banter, method, path, { ...body, [UNKNOWN]: 1 }, headers);
		assert.equal(answer.status, 422, answer.text);
		const wrong = Object.keys(answer.json.fields).filter((one) => one !== UNKNOWN);
		const others = wrong.filter((one) => one.split(".")[0] !== name);
		assert.deepEqual(others, [], name);
		return wrong.length > 0;
	}

	for (const [method, pathOf, schema, needed] of OPERATIONS)
		it(`${method} ${schema}`, async () => {
			const { properties } = document().components.schemas[schema];
			for (const [name, member] of Object.entries(properties))
				for (const value of [...ANY, ...edges(resolve(member))]) {
					const body = { ...needed, [name]: value };
					const right = conforms(schema, body);
					if (right && (ELSEWHERE.has(name) || ELSEWHERE.has(`${schema}.${name}`))) continue;
					const wrong = await refuses(method, pathOf(ids), body, name);
					assert.equal(!wrong, right, `${name}: ${JSON.stringify(value)}`);
				}
		});
});
