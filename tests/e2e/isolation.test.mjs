// Organizations know nothing of each other: every route of the admin API, with one's credentials and
// another's ids, answers as it does for ids that nobody has, having asked the store as often.
//
// The walk takes its routes from routes.def: one that has no line here fails it.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { ADMIN } from "./accounts.mjs";
import { routes } from "./document.mjs";
import { useBanter } from "./harness.mjs";
import {
	AGENT,
	addOrganization,
	adminExpect,
	connectToStore,
	ORG,
	openVisitor,
	storeTurn,
	submitContact,
	WIDGET,
} from "./organizations.mjs";

/** A new unknown id. */
function nobody() {
	const hex = `0192f000000070008${randomBytes(8).toString("hex").slice(1)}`;
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, "$1-$2-$3-$4-$5");
}

const ZEROS = "00000000-0000-0000-0000-000000000000";

/** Unknown ids in place of the other organization's ids. */
const NOBODYS = {
	conversation: nobody,
	session: () => `~${nobody()}`,
	widget: nobody,
	agent: nobody,
	contact: nobody,
	login: nobody,
	user: nobody,
	key: nobody,
};

/** The ids that each route takes, with a valid body. */
const ABOUT_ONE = {
	conversations_get: ["conversation"],
	conversations_delete: ["conversation"],
	visitors_delete: ["session"],
	widgets_get: ["widget"],
	widgets_change: ["widget", { name: "Taken" }],
	widgets_reset_id: ["widget", {}],
	widgets_delete: ["widget"],
	agents_get: ["agent"],
	agents_change: ["agent", { name: "Taken" }],
	agents_test: ["agent", { message: "[[tokens=1]]" }],
	agents_delete: ["agent"],
	contacts_get: ["contact"],
	contacts_change: ["contact", { name: "Taken" }],
	contacts_delete: ["contact"],
	logins_delete: ["login"],
	users_get: ["user"],
	users_change: ["user", { name: "Taken" }],
	users_delete: ["user"],
	keys_delete: ["key"],
};

/** The ids that lists accept as filters. */
const LISTS = {
	conversations_list: [
		["widgetId", "widget"],
		["contactId", "contact"],
	],
	widgets_list: [],
	agents_list: [],
	contacts_list: [
		["email", "email"],
		["phone", "phone"],
	],
	me_get: [],
	logins_list: [],
	users_list: [],
	keys_list: [],
};

/** Bodies that contain an id: the member and its kind. */
const NAMING = { widgets_create: ["agent_id", "agent"] };

/**
 * Routes that name no object of an organization. An e-mail is unique over all organizations, which
 * signing in reveals as well.
 */
const ABOUT_NONE = [
	"agents_create",
	"users_create",
	"keys_create",
	"me_password",
	"logins_delete_others",
];

const admin = routes().filter(({ guard }) => guard === "ADMIN");
const route = (name) => admin.find((one) => one.name === name);

/** The parts of a response that a client sees. */
function told({ status, headers, text }) {
	const { date, "x-request-id": request, ...rest } = headers;
	assert.ok(date && request);
	return { status, headers: rest, text };
}

describe("organizations", () => {
	const banter = useBanter({ workers: 1 });
	const everybody = [];
	let peer;

	/** One object of every kind that an organization can have. */
	async function settle(org, headers, widget, agent) {
		const make = (...request) => adminExpect(banter, 201, ...request, headers);
		const theirs = { org, headers, widget, agent };
		theirs.email = `visitor@${org}.example`;
		theirs.phone = `+${Number.parseInt(org.slice(-6), 16)}`;
		const { widget_id } = await adminExpect(
			banter,
			200,
			"GET",
			`widgets/${widget}`,
			undefined,
			headers,
		);
		const visitor = await openVisitor(peer, widget_id);
		theirs.publicId = widget_id;
		theirs.session = visitor.session;
		theirs.conversation = await storeTurn(visitor);
		theirs.contact = await submitContact(visitor, { email: theirs.email, phone: theirs.phone });
		theirs.otherAgent = (await make("POST", "agents", { name: `Agent of ${org}` })).id;
		theirs.otherWidget = (await make("POST", "widgets", { name: `Widget of ${org}` })).id;
		const key = await make("POST", "keys", { name: `Key of ${org}`, kind: "admin" });
		theirs.key = key.id;
		theirs.byKey = { "x-admin-api-key": key.key };
		const list = (what) => adminExpect(banter, 200, "GET", what, undefined, headers);
		theirs.login = (await list("logins")).logins[0].id;
		theirs.user = (await list("users")).users[0].id;
		return theirs;
	}

	before(async () => {
		peer = await connectToStore(banter);
		for (const name of ["One", "Two"]) {
			const { org, headers } = await addOrganization(banter, name);
			const { widgets } = await adminExpect(banter, 200, "GET", "widgets", undefined, headers);
			everybody.push(await settle(org, headers, widgets[0].id, widgets[0].agent_id));
		}
	});
	after(() => peer.close());

	/** The number of requests to the store. */
	async function asked() {
		const { text } = await banter.get("/metrics");
		const counts = text.matchAll(/^banter_store_request_seconds_count(?:\{.*\})? (\d+)$/gm);
		return [...counts].reduce((sum, [, n]) => sum + Number(n), 0);
	}

	/** A request's response and its number of store requests. */
	async function cost(name, path, headers, body) {
		const { method } = route(name);
		const start = await asked();
		const answer = told(await banter.request(method, path, { headers, body }));
		return { ...answer, asked: (await asked()) - start };
	}

	/** Each credential of an organization, with the other organization. */
	function* encounters() {
		const [one, two] = everybody;
		for (const [us, them] of [
			[one, two],
			[two, one],
		])
			for (const headers of [us.headers, us.byKey]) yield [headers, them];
		for (const them of everybody) yield [ADMIN, them];
	}

	/** Everything of an organization that the admin API shows. */
	async function estate({ headers }) {
		const all = {};
		for (const name of Object.keys(LISTS))
			all[name] = told(await banter.get(route(name).pattern, headers)).text;
		return all;
	}

	it("every route of the admin API is in this test", () => {
		assert.deepEqual(
			[
				...Object.keys(ABOUT_ONE),
				...Object.keys(LISTS),
				...Object.keys(NAMING),
				...ABOUT_NONE,
			].sort(),
			admin.map(({ name }) => name).sort(),
		);
	});

	it("each sees its own objects", async () => {
		for (const us of everybody)
			for (const [name, [kind]] of Object.entries(ABOUT_ONE).filter(([name]) => /_get$/.test(name)))
				for (const headers of [us.headers, us.byKey]) {
					const path = route(name).pattern.replace(/:\w+/, us[kind]);
					assert.equal((await banter.get(path, headers)).status, 200, path);
				}
	});

	for (const [name, [kind, body]] of Object.entries(ABOUT_ONE))
		it(`${name}: another organization's object is indistinguishable from an unknown one`, async () => {
			for (const [headers, them] of encounters()) {
				const pathOf = (id) => route(name).pattern.replace(/:\w+/, id);
				const theirs = await cost(name, pathOf(them[kind]), headers, body);
				const nobodys = await cost(name, pathOf(NOBODYS[kind]()), headers, body);
				assert.equal(theirs.status, 404, theirs.text);
				assert.ok(theirs.asked > 0, "the store was asked, and that was counted");
				assert.deepEqual(theirs, nobodys);
			}
		});

	for (const [name, [kind, body]] of Object.entries(ABOUT_ONE).filter(
		([, [kind]]) => kind !== "session",
	))
		it(`${name}: the id of zeros is unknown`, async () => {
			const path = route(name).pattern.replace(/:\w+/, ZEROS);
			for (const { headers } of everybody)
				assert.equal((await cost(name, path, headers, body)).status, 400, kind);
		});

	for (const [name, filters] of Object.entries(LISTS))
		it(`${name}: contains nothing of another organization`, async () => {
			for (const [headers, them] of encounters()) {
				const { text } = await cost(name, route(name).pattern, headers);
				const secrets = Object.entries(them).filter(
					([key, value]) => typeof value === "string" && key !== "phone",
				);
				for (const [key, value] of secrets) assert.ok(!text.includes(value), `${key}: ${text}`);
				for (const [parameter, kind] of filters) {
					const pathOf = (value) =>
						`${route(name).pattern}?${parameter}=${encodeURIComponent(value)}`;
					const none = { email: "nobody@example.com", phone: "+99999999999" };
					const theirs = await cost(name, pathOf(them[kind]), headers);
					const nobodys = await cost(name, pathOf(none[kind] ?? nobody()), headers);
					assert.equal(theirs.status, 200);
					assert.deepEqual(theirs, nobodys);
				}
			}
		});

	for (const [name, [member, kind]] of Object.entries(NAMING))
		it(`${name}: cannot refer to another organization's object`, async () => {
			for (const [headers, them] of encounters()) {
				const naming = (id) => cost(name, route(name).pattern, headers, { [member]: id });
				const theirs = await naming(them[kind]);
				assert.equal(theirs.status, 422, theirs.text);
				assert.deepEqual(theirs, await naming(nobody()));
			}
		});

	it("a widget cannot get another organization's agent by a change", async () => {
		const [one, two] = everybody;
		const name = "widgets_change";
		const path = route(name).pattern.replace(":id", one.widget);
		const theirs = await cost(name, path, one.headers, { agent_id: two.agent });
		assert.equal(theirs.status, 422);
		assert.deepEqual(theirs, await cost(name, path, one.headers, { agent_id: nobody() }));
	});

	it("none of these requests changed anything", async () => {
		for (const us of everybody) {
			const lists = await estate(us);
			for (const kind of ["widget", "agent", "contact", "conversation", "user", "key", "login"])
				assert.ok(Object.values(lists).join().includes(us[kind]), kind);
			assert.ok(!Object.values(lists).join().includes("Taken"));
			assert.ok(lists.widgets_list.includes(us.publicId));
		}
		const { widgets } = await adminExpect(banter, 200, "GET", "widgets");
		assert.deepEqual(
			widgets.map(({ id, agent_id, organization_id }) => [id, agent_id, organization_id]),
			[[WIDGET, AGENT, ORG]],
		);
	});
});
