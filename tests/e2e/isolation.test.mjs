// Organizations know nothing of each other: each route of the admin API, with one organization's credentials
// and another one's ids, answers exactly as for unknown ids, after the same number of requests to the store.
//
// The routes are those of routes.def: a new one is tested too, or fails a test here.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { routes } from "./document.mjs";
import { useBanter } from "./harness.mjs";
import {
	ADMIN,
	AGENT,
	addOrganization,
	adminExpect,
	ORG,
	openVisitor,
	storeTurn,
	submitContact,
	usePeer,
	WIDGET,
} from "./organizations.mjs";
import { importRecords, newId } from "./tool.mjs";

const ZEROS = "00000000-0000-0000-0000-000000000000";

const admin = routes().filter(({ guard }) => guard === "ADMIN");
const route = (name) => admin.find((one) => one.name === name);

/** Routes with an id of an object: "widgets_get" has that of a widget. */
const WITH_ID = admin.filter(({ pattern }) => pattern.includes(":")).map(({ name }) => name);
const kindOf = (name) => name.replace(/s_.*/, "");

function pathOf(name, id) {
	assert.ok(id, `settle() makes a ${kindOf(name)}`);
	const path = route(name).pattern.replace(/:\w+/, id);
	return path.replace(/:n\b/, 1).replace(/:(note|page)\b/, newId());
}

/** A step of a conversation's reply that waits for an operator. */
async function storeStep(banter, org, headers, conversation) {
	const path = `conversations/${conversation}`;
	const { messages } = await adminExpect(banter, 200, "GET", path, undefined, headers);
	const turn = messages.find(({ role }) => role === "assistant")._id;
	const id = `${turn.slice(0, -2)}01`;
	await importRecords(banter, [
		{
			...{ kind: "step", id, org, conversation, turn, tool: ZEROS, name: "refund" },
			...{ state: "waiting", round: 1, arguments: "{}", result: "", status: 0, ms: 0 },
			...{ created_at: 1, class: "approve", text: "Refund", shown: "0".repeat(64), user_id: "" },
			...{ expires_at: Date.now() + 3_600_000, decider: "nobody", decided_by: ZEROS },
			...{ decided_at: 0, due_at: 0, run: ZEROS, tries: 0, again: false, answer: ZEROS, asked: 0 },
		},
	]);
	return id;
}

/** A valid body of a route with an id. */
function bodyOf(name) {
	if (name === "agents_test") return { message: "[[tokens=1]]" };
	if (name === "conversations_write") return { content: "x" };
	if (name === "conversations_change") return { state: "resolved" };
	if (name === "conversations_presence") return { doing: "viewing" };
	if (name === "blocks_change") return { reason: "Taken" };
	if (name === "mentions_change") return { read: true };
	if (name === "conversations_follow") return { following: true };
	if (name === "conversations_note") return { text: "Taken" };
	if (name === "contacts_merge") return { contactId: newId() };
	if (name === "steps_decide") return { decision: "yes", hash: "0".repeat(64) };
	if (name === "sources_removal") return { decision: "keep" };
	return { PUT: { name: "Taken" }, POST: {} }[route(name).method];
}

/** Lists and other routes that only read, and their parameters: the kind of each value. */
const PARAMETERS = {
	conversations_list: {
		widgetId: "widget",
		contactId: "contact",
		tag: "tag",
		assignedTo: "user",
	},
	contacts_list: { email: "email", phone: "phone", q: "email" },
	search: { widgetId: "widget", contactId: "contact" },
	numbers: { widgetId: "widget" },
};
/** Only for the first organization: administration.test.mjs. */
const MACHINE = ["server"];
/** Streams: events.test.mjs shows that they contain nothing of another organization. */
const STREAMS = ["events"];
const isList = ({ method, name }) =>
	method === "GET" && ![...WITH_ID, ...STREAMS, ...MACHINE].includes(name);
const LISTS = admin.filter(isList).map(({ name }) => name);

/**
 * Routes that name no object of an organization, except for the agent of a new widget and the widgets of
 * budgets. An e-mail is unique over all organizations, which signing in reveals as well.
 */
const OTHERS = [
	"admin_files",
	...[
		"widgets_create",
		"agents_create",
		"users_create",
		"keys_create",
		"webhooks_create",
		"tools_create",
		"mcp_tools",
	],
	...[
		"tags_create",
		"snippets_create",
		"teams_create",
		"blocks_create",
		"budgets_put",
		"prices_change",
		"rights_change",
		"hours_change",
	],
	// bulk.test.mjs shows that other organizations' conversations are not found.
	...["conversations_bulk", "conversations_export_many"],
	...["conversations_read", "mentions_read", "invitations_create", "me_change", "me_availability"],
	...["sources_create", "answers_create", "gaps_close", "find"],
	...["me_password", "logins_delete_others"],
];

/** The path of a list. Each organization's contact has "example" in its e-mail. */
const listPath = (name) => route(name).pattern + (name === "search" ? "?q=example" : "");

/** An unknown value of this kind. */
function unknown(kind) {
	const values = { email: "nobody@example.com", phone: "+99999999999", visitor: `~${newId()}` };
	return values[kind] ?? newId();
}

/** The parts of a response that a client sees. */
function visible({ status, headers, text }) {
	const { date, "x-request-id": request, ...rest } = headers;
	assert.ok(date && request);
	return { status, headers: rest, text };
}

describe("organizations", () => {
	const banter = useBanter({ workers: 1, search: true });
	const store = usePeer(banter);
	const organizations = [];

	/** An organization with an object of each kind. */
	async function settle(name) {
		const { org, headers } = await addOrganization(banter, name);
		const post = (...request) => adminExpect(banter, 201, "POST", ...request, headers);
		const list = async (kind) =>
			(await adminExpect(banter, 200, "GET", kind, undefined, headers))[kind];
		const [{ id: widget, agent_id: agent, widget_id: publicId }] = await list("widgets");
		const visitor = await openVisitor(store.peer, publicId);
		const email = `visitor@${org}.example`;
		const phone = `+${Number.parseInt(org.slice(-6), 16)}`;
		const key = await post("keys", { name: `Key of ${org}`, kind: "admin" });
		const conversation = await storeTurn(visitor);
		const user = (await list("users"))[0].id;
		const note = { text: `Note of ${org}`, mentions: [user] };
		return {
			...{ org, headers, widget, agent, publicId, email, phone, conversation, user },
			mention: (await post(`conversations/${conversation}/notes`, note)).id,
			contact: await submitContact(visitor, { email, phone }),
			visitor: visitor.session,
			otherAgent: (await post("agents", { name: `Agent of ${org}` })).id,
			otherWidget: (await post("widgets", { name: `Widget of ${org}` })).id,
			webhook: (
				await post("webhooks", { url: "https://example.com/", kinds: ["note"], enabled: false })
			).id,
			step: await storeStep(banter, org, headers, conversation),
			tool: (await post("tools", { name: "t", description: "x", url: "https://a.example/" })).id,
			key: key.id,
			invitation: (await post("invitations", { role: "member", email })).id,
			team: (await post("teams", { name: `Team of ${org}` })).id,
			tag: (await post("tags", { name: `Tag of ${org}` })).id,
			source: (await post("sources", { name: `Source of ${org}`, kind: "files" })).id,
			answer: (await post("answers", { question: `Question of ${org}`, text: "x" })).id,
			block: (await post("blocks", { kind: "session", target: "nobody", reason: "Spam" })).id,
			snippet: (await post("snippets", { name: `Snippet of ${org}`, text: "Hello" })).id,
			byKey: { "x-admin-api-key": key.key },
			login: (await list("logins"))[0].id,
		};
	}

	before(async () => {
		for (const name of ["One", "Two"]) organizations.push(await settle(name));
	});

	/** A response with its number of requests to the store. */
	async function send(name, path, headers, body) {
		const { method } = route(name);
		const start = await banter.metric("store_request_seconds_count");
		const answer = visible(await banter.request(method, path, { headers, body }));
		return { ...answer, requests: (await banter.metric("store_request_seconds_count")) - start };
	}

	/** Each credential of an organization, with the other organization. */
	function* encounters() {
		const [one, two] = organizations;
		for (const headers of [one.headers, one.byKey]) yield [headers, two];
		for (const headers of [two.headers, two.byKey]) yield [headers, one];
		for (const them of organizations) yield [ADMIN, them];
	}

	it("every other route names no object", () => {
		const names = admin.map(({ name }) => name);
		const known = [...WITH_ID, ...LISTS, ...STREAMS, ...MACHINE];
		const others = names.filter((name) => !known.includes(name));
		assert.deepEqual(others.sort(), OTHERS.sort());
	});

	it("each sees its own objects", async () => {
		for (const us of organizations)
			for (const name of WITH_ID.filter((name) => name.endsWith("_get")))
				for (const headers of [us.headers, us.byKey]) {
					const path = pathOf(name, us[kindOf(name)]);
					assert.equal((await banter.get(path, headers)).status, 200, path);
				}
	});

	for (const name of WITH_ID)
		it(`${name}: another organization's object is indistinguishable from an unknown one`, async () => {
			const kind = kindOf(name);
			for (const [headers, them] of encounters()) {
				const ask = (id) => send(name, pathOf(name, id), headers, bodyOf(name));
				const theirs = await ask(them[kind]);
				assert.equal(theirs.status, 404, theirs.text);
				assert.ok(theirs.requests > 0, "the store was asked, and that was counted");
				assert.deepEqual(theirs, await ask(unknown(kind)));
				const isText = kind === "visitor" || kind === "conversation";
				assert.equal((await ask(ZEROS)).status, isText ? 404 : 400);
			}
		});

	for (const name of LISTS)
		it(`${name}: contains nothing of another organization`, async () => {
			const path = listPath(name);
			const and = path.includes("?") ? "&" : "?";
			for (const [headers, them] of encounters()) {
				const { text } = await send(name, path, headers);
				for (const [kind, value] of Object.entries(them))
					if (typeof value === "string" && kind !== "phone")
						assert.ok(!text.includes(value), `${kind}: ${text}`);
				for (const [parameter, kind] of Object.entries(PARAMETERS[name] ?? {})) {
					const filter = (value) =>
						send(name, `${path}${and}${parameter}=${encodeURIComponent(value)}`, headers);
					const theirs = await filter(them[kind]);
					assert.equal(theirs.status, 200);
					assert.deepEqual(theirs, await filter(unknown(kind)));
				}
			}
		});

	it("a widget cannot get another organization's agent", async () => {
		for (const [headers, them] of encounters()) {
			const us = organizations.find((one) => [one.headers, one.byKey].includes(headers));
			const requests = [["widgets_create", route("widgets_create").pattern]];
			if (us) requests.push(["widgets_change", pathOf("widgets_change", us.widget)]);
			for (const [name, path] of requests) {
				const theirs = await send(name, path, headers, { agent_id: them.agent });
				assert.equal(theirs.status, 422, theirs.text);
				assert.deepEqual(theirs, await send(name, path, headers, { agent_id: newId() }));
			}
		}
	});

	it("a budget cannot be of another organization's widget", async () => {
		const put = (headers, widget) =>
			send("budgets_put", route("budgets_put").pattern, headers, {
				widgets: { [widget]: { dailyTokens: 1 } },
			});
		for (const [headers, them] of encounters()) {
			const theirs = await put(headers, them.widget);
			assert.equal(theirs.status, 422, theirs.text);
			assert.deepEqual(theirs, await put(headers, newId()));
		}
	});

	it("an agent cannot have another organization's sources", async () => {
		for (const [headers, them] of encounters()) {
			const us = organizations.find((one) => [one.headers, one.byKey].includes(headers));
			const path = us ? pathOf("agents_change", us.agent) : undefined;
			const set = (id) => send("agents_change", path, headers, { sources: [id] });
			if (us === undefined) continue;
			const theirs = await set(them.source);
			assert.equal(theirs.status, 422, theirs.text);
			assert.deepEqual(theirs, await set(newId()));
		}
	});

	it("none of these requests changed anything", async () => {
		for (const us of organizations) {
			const lists = LISTS.map((name) => banter.get(listPath(name), us.headers));
			const text = (await Promise.all(lists)).map((answer) => answer.text).join();
			const kinds = [
				"widget",
				"agent",
				"contact",
				"conversation",
				"user",
				"key",
				"login",
				"tag",
				"snippet",
				"source",
				"answer",
				"invitation",
			];
			for (const kind of [...kinds, "publicId"]) assert.ok(text.includes(us[kind]), kind);
			assert.ok(!text.includes("Taken"));
		}
		const { widgets } = await adminExpect(banter, 200, "GET", "widgets");
		const ids = widgets.map(({ id, agent_id, organization_id }) => [id, agent_id, organization_id]);
		assert.deepEqual(ids, [[WIDGET, AGENT, ORG]]);
	});
});
