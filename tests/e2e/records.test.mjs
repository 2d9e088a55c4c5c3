// Widgets, agents, contacts and users in the admin API: first the rules that all of them share, then what is
// special. Every response is checked against the OpenAPI document, and every documented status occurs.
//
// Other tests: ids of other organizations (isolation), each value of each member (bodies), access without
// valid credentials (contract), and the rules of the store (tests/unit/storaged/records and visitors).

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { getRecord, putRecord } from "../faults/records.mjs";
import { ADMIN, addOrg, addUser, logIn } from "./accounts.mjs";
import { Contract } from "./contract.mjs";
import { Banter } from "./harness.mjs";
import {
	AGENT,
	assertFields,
	assertVersioned,
	bare,
	connectToStore,
	fillOrganization,
	LONGEST_EMAIL,
	NOBODY,
	ORG,
	openVisitor,
	PUBLIC_ID,
	pagesOf,
	storeTurn,
	submitContact,
	WIDGET,
} from "./organizations.mjs";

/** Requests in one test of concurrent changes. */
const CHANGES = 100;
/** The limit of widgets and of agents per organization; some exist already. */
const RECORDS_MAX = 1000;
/** storaged/visitors/contacts.h: the conversations that one step of a deletion changes. */
const UNLINKS_MAX = 500;
/** More conversations than a page of the list has. */
const ERASED = 201;

let made = 0;
const newEmail = () => `${++made}@records.example`;

/** Members that cannot be set, and an unknown one; each value of each other member: bodies.test.mjs. */
const FIXED = { id: NOBODY, organization_id: NOBODY, created_at: 1, unknown: 1 };

/**
 * needed: the members that a new record must have. chosen: values that differ from the defaults. wrong:
 * invalid members. large: the Content-Length that is too large.
 */
const KINDS = {
	widgets: {
		one: "Widget",
		needed: () => ({}),
		defaults: {
			name: null,
			greeting: null,
			primary_color: "#6366f1",
			text_color: "#ffffff",
			position: "bottom_right",
			contact_info_mode: "none",
			collect_name: false,
			collect_email: false,
			collect_phone: false,
			allowed_origins: null,
			daily_message_cap: null,
			retention_days: null,
			budget_text: null,
			enabled: true,
		},
		chosen: () => ({
			name: "Shöp 🛒",
			greeting: "Hello!\nHow can I help?",
			primary_color: "#0A7",
			text_color: "#00ff00",
			position: "bottom_left",
			contact_info_mode: "optional",
			collect_name: true,
			collect_email: true,
			collect_phone: true,
			allowed_origins: ["https://shop.example", "http://localhost:3000"],
			daily_message_cap: 4294967295,
			retention_days: 36500,
			budget_text: "Tomorrow.\nReally.",
			enabled: false,
		}),
		wrong: { ...FIXED, widget_id: "x", name: 1, position: "left", allowed_origins: ["*"] },
		large: 65537,
	},
	agents: {
		one: "Agent",
		needed: () => ({ name: "Plain" }),
		defaults: {
			purpose: null,
			custom_instructions: null,
			escalation_instructions: null,
			restricted_topics: null,
			model: null,
			temperature: null,
			max_output_tokens: null,
			key_name: null,
			enabled: true,
		},
		chosen: () => ({
			name: "Support",
			purpose: "You help.\n\tAlways.",
			custom_instructions: "Be short.",
			escalation_instructions: "Say the number.",
			restricted_topics: "Politics 🗳",
			model: "llama3:8b",
			temperature: 0.125,
			max_output_tokens: 10_000_000,
			key_name: "local",
			enabled: false,
		}),
		wrong: { ...FIXED, name: "  ", model: "modèle", temperature: 0.0001, key_name: "other" },
		large: 262145,
	},
	contacts: {
		one: "Contact",
		needed: () => ({ email: newEmail() }),
		defaults: { name: null, phone: null },
		chosen: () => ({ name: "Ann", email: newEmail(), phone: `+49 30 (${++made})` }),
		wrong: { ...FIXED, name: 1, email: "jane", phone: "none" },
		large: 4097,
	},
	users: {
		one: "User",
		needed: () => ({ email: newEmail(), password: "correct horse battery" }),
		defaults: { name: null, role: "member" },
		chosen: () => ({ name: "Jane Doe", role: "owner" }),
		wrong: { ...FIXED, email: "jane", password: "short", name: 7, role: "king" },
		large: 16385,
	},
};

const LOCAL = "http://127.0.0.1:9/v1";
const banter = new Banter({
	workers: 3,
	env: {
		MODEL_SERVERS: `local=${LOCAL}, other-one=https://model.example/v1`,
		MODEL_SERVER_KEYS: "local=a-key-that-nobody-is-shown",
		OPENAI_TEMPERATURE: "0.5",
		OPENAI_MAX_COMPLETION_TOKENS: "99",
		SYSTEM_PROMPT: "Be kind.",
	},
});
const contract = new Contract();
let peer; // a connection to the store
let publicId; // of the first widget

/** Sends a request to the admin API, and checks the response. */
const send = (status, method, path, body, headers = ADMIN) =>
	contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });
const get = async (path) => (await send(200, "GET", path)).json;
const put = async (path, body) => (await send(200, "PUT", path, body)).json;

/** Checks that the request is refused with this message. */
async function refuse(status, error, method, path, body) {
	assert.equal((await send(status, method, path, body)).json.error, error);
}

/** Checks that the request is refused because of exactly these members; resolves to their errors. */
async function refuseFields(names, method, path, body) {
	const answer = await send(422, method, path, body);
	assertFields(answer, names);
	return answer.json.fields;
}

const meet = async (contact) => submitContact(await openVisitor(peer, publicId), contact);

/** Creates a record; contacts are created by visitors. */
async function make(kind, members = {}) {
	const all = { ...KINDS[kind].needed(), ...members };
	if (kind === "contacts") return get(`contacts/${await meet(all)}`);
	return (await send(201, "POST", kind, all)).json;
}

function assertHas(record, members) {
	for (const [name, value] of Object.entries(members)) assert.deepEqual(record[name], value, name);
}

before(async () => {
	await banter.start();
	peer = await connectToStore(banter);
	publicId = (await get(`widgets/${WIDGET}`)).widget_id;
	await addUser(banter, "first@records.example");
});
after(() => {
	peer?.close();
	return banter.stop();
});

for (const [kind, { one, needed, defaults, chosen, wrong, large }] of Object.entries(KINDS))
	describe(kind, () => {
		const hasPost = kind !== "contacts"; // visitors create contacts

		it("a new one has defaults and an id", async () => {
			const record = await make(kind);
			assertHas(record, { ...defaults, organization_id: ORG });
			assert.ok(Math.abs(record.created_at - Date.now()) < 60_000);
			assert.deepEqual(await get(`${kind}/${record.id}`), record);
			assert.notEqual((await make(kind)).id, record.id);
		});

		it("chosen values are stored and can be reset", async () => {
			const values = chosen();
			const { id, created_at, widget_id, ...others } = await make(kind, values);
			assertHas(others, values);
			const back = await put(`${kind}/${id}`, defaults);
			assertHas(back, { ...defaults, id, created_at, widget_id });
		});

		it("a change keeps other members and accepts the record as it was read", async () => {
			const record = await make(kind, chosen());
			const changed = await put(`${kind}/${record.id}`, { name: "Other" });
			assert.deepEqual({ ...changed, updated_at: 0 }, { ...record, name: "Other", updated_at: 0 });
			assert.deepEqual(await put(`${kind}/${record.id}`, changed), changed);
		});

		it("a change with an outdated updated_at is refused", async () => {
			const record = await make(kind, chosen());
			const path = `${kind}/${record.id}`;
			await put(path, { name: "Somebody else's" });
			const { updated_at } = await refuseFields(["updated_at"], "PUT", path, record);
			assert.match(updated_at, /read it again/);
			await put(path, { ...record, updated_at: undefined });
		});

		it("a change of another version than the current one is refused with that (If-Match)", async () => {
			const record = await make(kind, chosen());
			const change = (status, path, body, headers) => send(status, "PUT", path, body, headers);
			await assertVersioned(change, `${kind}/${record.id}`, record, { name: "Mine" });
		});

		it("all invalid and missing members are named, and nothing is changed", async () => {
			const record = await make(kind);
			await refuseFields(Object.keys(wrong), "PUT", `${kind}/${record.id}`, wrong);
			if (hasPost) await refuseFields(Object.keys(wrong), "POST", kind, wrong);
			const required = Object.keys(needed());
			if (hasPost && required.length > 0) await refuseFields(required, "POST", kind, {});
			assert.deepEqual(await get(`${kind}/${record.id}`), record);
		});

		it("invalid and too large bodies, invalid and unknown ids are refused", async () => {
			const { id } = await make(kind);
			const targets = [["PUT", `${kind}/${id}`]];
			if (hasPost) targets.push(["POST", kind]);
			for (const [method, path] of targets) {
				await refuse(400, "Invalid request payload", method, path, "[]");
				await send(413, method, path, undefined, { ...ADMIN, "content-length": large });
			}
			for (const [method, body] of [["GET"], ["PUT", {}], ["DELETE"]]) {
				await refuse(404, `${one} not found`, method, `${kind}/${NOBODY}`, body);
				await refuse(400, `Invalid ${one.toLowerCase()}Id`, method, `${kind}/x`, body);
			}
		});

		it("a deleted one is not found", async () => {
			const path = `${kind}/${(await make(kind)).id}`;
			await send(204, "DELETE", path);
			await refuse(404, `${one} not found`, "GET", path);
			await refuse(404, `${one} not found`, "DELETE", path);
		});

		it("the list has pages: contacts start with the newest, others with the oldest", async () => {
			const ids = [(await make(kind)).id, (await make(kind)).id];
			if (kind === "contacts") ids.reverse();
			const all = (await get(`${kind}?limit=200`))[kind];
			const added = all.map(({ id }) => id).filter((id) => ids.includes(id));
			assert.deepEqual(added, ids);
			for (const limit of [1, 2, all.length]) {
				const pages = await pagesOf(get, kind, limit);
				assert.equal(pages.length, Math.ceil(all.length / limit));
				const records = pages.flatMap((page) => page[kind]);
				assert.deepEqual(records, all);
			}
			for (const query of ["limit=0", "limit=201", "cursor=x", `cursor=${"A".repeat(32)}`])
				await refuse(400, "Invalid query parameters", "GET", `${kind}?${query}`);
		});

		it("concurrent changes of different members all persist, and every worker sees them", async () => {
			const path = `${kind}/${(await make(kind)).id}`;
			const names = Object.keys(defaults);
			for (let round = 0; round * names.length < CHANGES; round++) {
				const wanted = round % 2 === 0 ? chosen() : defaults;
				const change = async (name) => {
					const record = await put(path, { [name]: wanted[name] });
					assert.deepEqual(record[name], wanted[name]);
					return record.updated_at;
				};
				const times = await Promise.all(names.map(change));
				// The answer has the user as it is after later changes.
				if (kind !== "users") assert.equal(new Set(times).size, names.length, "times are unique");
				for (const record of await Promise.all([1, 2, 3, 4, 5].map(() => get(path))))
					for (const name of names) assert.deepEqual(record[name], wanted[name]);
			}
		});
	});

describe("widgets only", () => {
	it("a new service has a widget, and new widgets get the same agent", async () => {
		const [first] = (await get("widgets")).widgets;
		// White text on it is readable, which it is not quite on the default.
		const own = { primary_color: "#4f46e5", id: WIDGET, agent_id: AGENT };
		assertHas(first, { ...KINDS.widgets.defaults, ...own });
		assert.equal((await make("widgets")).agent_id, AGENT);
		assert.match(first.widget_id, PUBLIC_ID);
	});

	it("required contact details must also be requested", async () => {
		const required = { contact_info_mode: "required" };
		await refuseFields(["contact_info_mode"], "POST", "widgets", required);
		const { id } = await make("widgets", { ...required, collect_email: true });
		const path = `widgets/${id}`;
		await refuseFields(["contact_info_mode"], "PUT", path, { collect_email: false });
		await put(path, { collect_email: false, collect_phone: true });
	});

	it("a new public id replaces the previous one", async () => {
		const widget = await make("widgets");
		const path = `widgets/${widget.id}/reset-id`;
		const { json } = await send(200, "POST", path);
		assert.match(json.widget_id, PUBLIC_ID);
		assertHas(json, { ...widget, widget_id: json.widget_id, updated_at: json.updated_at });
		await refuse(404, "Widget not found", "POST", `widgets/${NOBODY}/reset-id`);
		await refuse(400, "Invalid widgetId", "POST", "widgets/x/reset-id");
		for (const [method, status] of [
			["POST", 200],
			["DELETE", 204],
		]) {
			await send(status, method, `widgets/${widget.id}/identity-secret`);
			await refuse(404, "Widget not found", method, `widgets/${NOBODY}/identity-secret`);
			await refuse(400, "Invalid widgetId", method, "widgets/x/identity-secret");
		}
		for (const one of [path, `widgets/${widget.id}/identity-secret`])
			await send(413, "POST", one, undefined, { ...ADMIN, "content-length": 4097 });
	});

	it("the first widget, which owns the chats with a key, and its agent cannot be deleted", async () => {
		for (const path of [`widgets/${WIDGET}`, `agents/${AGENT}`])
			assert.equal((await send(409, "DELETE", path)).json.code, "in_use");
	});

	it("the log names the author of each change, and contains no text of the widget", () => {
		const lines = banter.log.lines.filter(({ ev }) => ev?.startsWith("widget_"));
		const events = [...new Set(lines.map(({ ev }) => ev))].sort();
		assert.deepEqual(events, [
			"widget_changed",
			"widget_created",
			"widget_deleted",
			"widget_secret_changed",
		]);
		for (const { org, by, text } of lines) {
			assert.deepEqual([org, by], [ORG, "key"]);
			assert.doesNotMatch(text, /Shöp|wid_/);
		}
	});
});

describe("agents only", () => {
	it("the list shows the settings' values and the model servers without their keys", async () => {
		const { agents, defaults, servers } = await get("agents");
		const base_url = `${banter.stubUrl}/v1`;
		assertHas(agents[0], { ...KINDS.agents.defaults, id: AGENT, base_url });
		const settings = { purpose: "Be kind.", model: "gpt-4.1-mini", temperature: 0.5 };
		assert.deepEqual(defaults, { ...settings, max_output_tokens: 99, base_url });
		assert.deepEqual(servers, [
			{ key_name: null, base_url },
			{ key_name: "local", base_url: LOCAL },
			{ key_name: "other-one", base_url: "https://model.example/v1" },
		]);
		assert.ok(banter.log.lines.every(({ text }) => !text.includes("nobody-is-shown")));
	});

	it("the server must be one of the settings, and base_url must be its address", async () => {
		const unknown = { name: "A", key_name: "none" };
		const { key_name } = await refuseFields(["key_name"], "POST", "agents", unknown);
		assert.match(key_name, /: local or other-one$/);
		const agent = await make("agents", { key_name: "local", base_url: LOCAL });
		const path = `agents/${agent.id}`;
		assert.equal(agent.base_url, LOCAL);
		const moved = { key_name: "other-one", base_url: LOCAL };
		await refuseFields(["base_url"], "PUT", path, moved);
		const { base_url } = await put(path, { key_name: "other-one" });
		assert.equal(base_url, "https://model.example/v1");
	});

	it("a server that was removed from the settings has no address; the agent can be changed", async () => {
		const { id } = await make("agents", { key_name: "local" });
		const ids = { org: bare(ORG), id: bare(id) };
		const agent = await getRecord(peer, "agent", ids);
		await putRecord(peer, "agent", { ...agent, key_name: "gone" });
		const shown = await get(`agents/${id}`);
		assert.deepEqual([shown.key_name, shown.base_url], ["gone", null]);
		await refuseFields(["key_name"], "PUT", `agents/${id}`, { temperature: 1 });
		const { base_url } = await put(`agents/${id}`, { key_name: null });
		assert.equal(base_url, `${banter.stubUrl}/v1`);
	});
});

describe("contacts only", () => {
	it("are found by e-mail in any case, and by phone in any form", async () => {
		const details = { name: " Ann ", email: "Find@Me.Example", phone: "+44 (20) 7946-0000" };
		const id = await meet(details);
		assertHas(await get(`contacts/${id}`), { ...details, name: "Ann" });
		const found = async (query) => (await get(`contacts?${query}`)).contacts.map((one) => one.id);
		const both = "email=FIND%40ME.EXAMPLE&phone=%2B44%2020%207946%200000";
		assert.deepEqual(await found(both), [id]);
		await put(`contacts/${id}`, { email: "moved@me.example" });
		assert.deepEqual(await found("email=find@me.example"), []);
		const [email, phone] = [`email=${"x".repeat(255)}`, `phone=${"1".repeat(65)}`];
		const wrong = ["q=", `q=${"x".repeat(255)}`, "q=a&phone=1", "q=a&email=a"];
		for (const query of ["email=", "phone=", email, phone, ...wrong])
			await refuse(400, "Invalid query parameters", "GET", `contacts?${query}`);
	});

	it("are found by a part of the name, the e-mail or the phone, in pages", async () => {
		const ids = [];
		for (let i = 0; i < 3; i++)
			ids.unshift(await meet({ name: `Zoë ${i}`, email: `z${i}@q.example`, phone: `+99 ${i}` }));
		for (const q of ["zoË", "@Q.example", "+99"]) {
			const pages = await pagesOf(get, `contacts?q=${encodeURIComponent(q)}`, 2);
			assert.deepEqual(
				pages.flatMap(({ contacts }) => contacts.map(({ id }) => id)),
				ids,
				q,
			);
		}
		assert.deepEqual(
			(await get("contacts?q=z1%40q")).contacts.map(({ id }) => id),
			[ids[1]],
		);
	});

	it("cannot get the e-mail or the phone of another one, nor an e-mail that is too long for an index", async () => {
		const one = await meet({ email: "first@two.example", phone: "555 1" });
		const other = await meet({ email: "second@two.example", phone: "555 2" });
		for (const body of [{ email: "FIRST@two.example" }, { phone: "5551" }])
			assert.equal((await send(409, "PUT", `contacts/${other}`, body)).json.code, "exists");
		await put(`contacts/${one}`, { email: "FIRST@two.example" });
		await refuseFields(["email"], "PUT", `contacts/${one}`, { email: LONGEST_EMAIL });
	});

	it("a deletion is one request; all conversations stay, without a contact", async () => {
		const email = "often@example.com";
		const come = async () => {
			const visitor = await openVisitor(peer, publicId);
			const conversation = await storeTurn(visitor);
			return [conversation, await submitContact(visitor, { email })];
		};
		const all = await Promise.all(Array.from({ length: UNLINKS_MAX + 1 }, come));
		const [conversation, id] = all[0];
		const list = async () => (await get(`conversations?contactId=${id}&limit=1`)).conversations;
		assert.equal((await list())[0].contactId, id);
		await send(204, "DELETE", `contacts/${id}`);
		assert.deepEqual(await list(), []);
		assert.equal((await get(`conversations/${conversation}`)).conversation.contactId, null);
	});

	it("an erasure takes all conversations with it, and nothing else", async () => {
		const email = "forget@me.example";
		const come = async () => {
			const visitor = await openVisitor(peer, publicId);
			const conversation = await storeTurn(visitor);
			return [conversation, await submitContact(visitor, { email })];
		};
		const all = [];
		for (let i = 0; i < ERASED; i++) all.push(await come());
		const [[conversation, id]] = all;
		const other = await meet({ email: "other@me.example" });
		const { total } = await get("conversations?limit=1");
		await refuse(400, "Invalid query parameters", "DELETE", `contacts/${id}?conversations=x`);
		const { json } = await send(200, "DELETE", `contacts/${id}?conversations=true`);
		assert.deepEqual(json, { conversations: ERASED, messages: 2 * ERASED });
		await send(404, "GET", `contacts/${id}`);
		await send(404, "DELETE", `contacts/${id}?conversations=true`);
		const gone = await banter.get(`/v1/admin/conversations/${conversation}`, ADMIN);
		assert.equal(gone.status, 404);
		assert.equal((await get("conversations?limit=1")).total, total - ERASED);
		await get(`contacts/${other}`);
	});
});

describe("users only", () => {
	const password = "correct horse battery";

	it("the last owner stays an owner", async () => {
		const { users } = await get("users?limit=200");
		const owners = users.filter(({ role }) => role === "owner").map(({ id }) => `users/${id}`);
		for (const path of owners.slice(1)) await send(204, "DELETE", path);
		for (const [method, body] of [["DELETE"], ["PUT", { role: "member" }]])
			await refuse(409, "An organization needs an owner", method, owners[0], body);
	});

	it("an e-mail belongs to one user of all organizations, in any case, and cannot be changed", async () => {
		const { id } = await make("users", { email: "only@example.com" });
		await refuseFields(["email"], "PUT", `users/${id}`, { email: "moved@example.com" });
		await refuseFields(["email"], "POST", "users", { email: LONGEST_EMAIL, password });
		const again = { email: "ONLY@Example.com", password };
		await refuse(409, "Another user has this e-mail", "POST", "users", again);
		const org = await addOrg(banter, "Another");
		const outside = await logIn(banter, await addUser(banter, "o@example.com", "--org", org));
		await send(409, "POST", "users", again, outside);
	});
});

it("an organization has at most so many widgets and agents", async () => {
	await fillOrganization(peer, RECORDS_MAX);
	for (const kind of ["widgets", "agents"])
		assert.equal((await send(409, "POST", kind, { name: "One" })).json.code, "limit_reached");
});

it("shows every documented status", () => contract.assertComplete("records"));
