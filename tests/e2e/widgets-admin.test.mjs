// Widgets in the admin API: members, validation, changes, deletion, and a new public id.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { PASSWORD, useBanter } from "./harness.mjs";
import {
	AGENT,
	adminExpect,
	adminRequest,
	assertFields,
	connectToStore,
	NOBODY,
	ORG,
	openVisitor,
	PUBLIC_ID,
	storeTurn,
	WIDGET,
} from "./organizations.mjs";

const DEFAULTS = {
	organization_id: ORG,
	agent_id: AGENT,
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
	enabled: true,
};

const CHOSEN = {
	name: "Shöp 🛒",
	greeting: "Hello!\nHow can I help?",
	primary_color: "#0A7",
	text_color: "#00ff00",
	position: "bottom_left",
	contact_info_mode: "required",
	collect_name: true,
	collect_email: false,
	collect_phone: true,
	allowed_origins: ["https://shop.example", "http://localhost:3000"],
	daily_message_cap: 4294967295,
	enabled: false,
};

/** Invalid members by case. */
const WRONG = {
	agent_id: ["x", 1, null],
	name: [1, "x".repeat(101), "a\nb", "a\u0000b", "a\u009fb"],
	greeting: ["x".repeat(1001), "\u0007", []],
	primary_color: ["red", "#12", "#1234567", "", null, 255],
	text_color: ["#ggg", "fff"],
	position: ["left", 0, null],
	contact_info_mode: ["maybe", true],
	collect_name: [1, "true", null],
	collect_email: [0],
	collect_phone: [{}],
	allowed_origins: [
		"https://a.example",
		["https://a.example/"],
		["a.example"],
		["*"],
		["https://a b"],
		["https://é.example"],
		["https://a.example:99999"],
		Array(65).fill("https://a.example"),
		[null],
	],
	daily_message_cap: [0, -1, 1.5, "1", 4294967296],
	enabled: ["yes", null],
	colour: ["#fff"],
};

describe("widgets", () => {
	const banter = useBanter();

	it("a new service has one", async () => {
		const { widgets, nextCursor } = await adminExpect(banter, 200, "GET", "widgets");
		const [{ id, widget_id, created_at, updated_at, ...rest }] = widgets;
		assert.deepEqual([id, widgets.length, nextCursor], [WIDGET, 1, null]);
		assert.match(widget_id, PUBLIC_ID);
		assert.ok(created_at > 1.6e12 && updated_at === created_at);
		assert.deepEqual(rest, DEFAULTS);
	});

	it("a new one has defaults, an id and a public id", async () => {
		const one = await adminExpect(banter, 201, "POST", "widgets", {});
		const other = await adminExpect(banter, 201, "POST", "widgets", { name: "  Other " });
		const { id, widget_id, created_at, updated_at, ...rest } = one;
		assert.deepEqual(rest, DEFAULTS);
		assert.match(widget_id, PUBLIC_ID);
		assert.ok(Math.abs(created_at - Date.now()) < 60_000 && created_at === updated_at);
		assert.notEqual(id, other.id);
		assert.notEqual(widget_id, other.widget_id);
		assert.equal(other.name, "Other");
		assert.deepEqual(await adminExpect(banter, 200, "GET", `widgets/${other.id}`), other);
	});

	it("chosen values are stored and can be reset", async () => {
		const made = await adminExpect(banter, 201, "POST", "widgets", { ...CHOSEN, agent_id: AGENT });
		for (const [name, value] of Object.entries(CHOSEN)) assert.deepEqual(made[name], value, name);
		const { organization_id, ...plain } = DEFAULTS;
		const back = await adminExpect(banter, 200, "PUT", `widgets/${made.id}`, plain);
		for (const [name, value] of Object.entries(DEFAULTS)) assert.deepEqual(back[name], value, name);
		assert.deepEqual(
			[back.id, back.widget_id, back.created_at],
			[made.id, made.widget_id, made.created_at],
		);
		assert.ok(back.updated_at >= made.updated_at);
	});

	it("a change keeps unnamed members and accepts the object as read", async () => {
		const made = await adminExpect(banter, 201, "POST", "widgets", CHOSEN);
		const changed = await adminExpect(banter, 200, "PUT", `widgets/${made.id}`, { greeting: "Hi" });
		assert.deepEqual({ ...changed, updated_at: 0 }, { ...made, greeting: "Hi", updated_at: 0 });
		const again = await adminExpect(banter, 200, "PUT", `widgets/${made.id}`, changed);
		assert.deepEqual(again, changed);
	});

	it("a change with an outdated updatedAt is refused", async () => {
		const made = await adminExpect(banter, 201, "POST", "widgets", {});
		await adminExpect(banter, 200, "PUT", `widgets/${made.id}`, { name: "Somebody else's" });
		const mine = { ...made, greeting: "Hi" };
		const refused = await adminRequest(banter, "PUT", `widgets/${made.id}`, mine);
		assertFields(refused, ["updated_at"]);
		assert.match(refused.json.fields.updated_at, /read it again/);
		const { updated_at, ...unaware } = mine;
		const { name, greeting } = await adminExpect(banter, 200, "PUT", `widgets/${made.id}`, unaware);
		assert.deepEqual([name, greeting], [null, "Hi"]);
	});

	it("origins are normalized to the form that browsers send", async () => {
		const allowed_origins = [
			"HTTPS://Shop.Example:443",
			"http://Localhost:80",
			"http://[::1]:8080",
		];
		const made = await adminExpect(banter, 201, "POST", "widgets", { allowed_origins });
		assert.deepEqual(made.allowed_origins, [
			"https://shop.example",
			"http://localhost",
			"http://[::1]:8080",
		]);
		const none = await adminExpect(banter, 200, "PUT", `widgets/${made.id}`, {
			allowed_origins: [],
		});
		assert.equal(none.allowed_origins, null);
	});

	it("422 for each invalid member, with what would be valid", async () => {
		for (const [name, values] of Object.entries(WRONG))
			for (const value of values) {
				const answer = await adminRequest(banter, "POST", "widgets", { [name]: value });
				assertFields(answer, [name]);
				assert.match(answer.json.fields[name], /^(must be |is unknown$)/);
			}
	});

	it("422 names all invalid members and changes nothing", async () => {
		const { widgets } = await adminExpect(banter, 200, "GET", "widgets");
		const wrong = Object.fromEntries(
			Object.entries(WRONG).map(([name, values]) => [name, values[0]]),
		);
		const fixed = { id: NOBODY, organization_id: NOBODY, widget_id: "x", created_at: 1 };
		const names = [...Object.keys(wrong), ...Object.keys(fixed)];
		assertFields(await adminRequest(banter, "POST", "widgets", { ...wrong, ...fixed }), names);
		for (const { id } of widgets)
			assertFields(
				await adminRequest(banter, "PUT", `widgets/${id}`, { ...wrong, ...fixed }),
				names,
			);
		assert.deepEqual((await adminExpect(banter, 200, "GET", "widgets")).widgets, widgets);
	});

	it("required contact fields must also be requested", async () => {
		const required = { contact_info_mode: "required" };
		assertFields(await adminRequest(banter, "POST", "widgets", required), ["contact_info_mode"]);
		const made = await adminExpect(banter, 201, "POST", "widgets", {
			...required,
			collect_email: true,
		});
		const nothing = await adminRequest(banter, "PUT", `widgets/${made.id}`, {
			collect_email: false,
		});
		assertFields(nothing, ["contact_info_mode"]);
		await adminExpect(banter, 200, "PUT", `widgets/${made.id}`, {
			collect_email: false,
			collect_phone: true,
		});
	});

	it("an agent that the organization does not have", async () => {
		assertFields(await adminRequest(banter, "POST", "widgets", { agent_id: NOBODY }), ["agent_id"]);
		assertFields(await adminRequest(banter, "PUT", `widgets/${WIDGET}`, { agent_id: NOBODY }), [
			"agent_id",
		]);
	});

	it("400 for bodies that are not an object, 404 for unknown ids", async () => {
		for (const body of ["", "[]", "null", "{", '{"name":"a","name":"b"}']) {
			assertError(
				await adminRequest(banter, "POST", "widgets", body),
				400,
				"Invalid request payload",
			);
			assertError(await adminRequest(banter, "PUT", `widgets/${WIDGET}`, body), 400);
		}
		for (const [method, path, body] of [
			["GET", NOBODY],
			["PUT", NOBODY, {}],
			["DELETE", NOBODY],
			["POST", `${NOBODY}/reset-id`],
		]) {
			assertError(
				await adminRequest(banter, method, `widgets/${path}`, body),
				404,
				"Widget not found",
			);
			const wrong = `widgets/${path.replace(NOBODY, "x")}`;
			assertError(await adminRequest(banter, method, wrong, body), 400, "Invalid widgetId");
		}
	});

	it("every worker sees a change", async () => {
		for (const name of ["one", "two", "three"]) {
			await adminExpect(banter, 200, "PUT", `widgets/${WIDGET}`, { name });
			const seen = await Promise.all(
				Array.from({ length: 20 }, () => adminExpect(banter, 200, "GET", `widgets/${WIDGET}`)),
			);
			for (const widget of seen) assert.equal(widget.name, name);
		}
	});

	it("a session can change them only from our own origin", async () => {
		const signedIn = await banter.request("POST", "/api/login", { body: { password: PASSWORD } });
		const cookie = signedIn.headers["set-cookie"][0].split(";")[0];
		const as = (origin) => adminRequest(banter, "POST", "widgets", {}, { cookie, origin });
		assert.equal((await as(banter.url)).status, 201);
		assert.equal((await as("https://evil.example")).status, 403);
	});
});

describe("the list of widgets", () => {
	const banter = useBanter({ workers: 1 });

	it("is paged, the oldest first", async () => {
		const ids = [WIDGET];
		for (let i = 0; i < 4; i++)
			ids.push((await adminExpect(banter, 201, "POST", "widgets", {})).id);
		for (const limit of [1, 2, 5, 200]) {
			const seen = [];
			for (let cursor = ""; cursor !== null; ) {
				const from = cursor === "" ? "" : `&cursor=${cursor}`;
				const page = await adminExpect(banter, 200, "GET", `widgets?limit=${limit}${from}`);
				seen.push(...page.widgets.map(({ id }) => id));
				cursor = page.nextCursor;
			}
			assert.deepEqual(seen, ids);
		}
		for (const query of ["limit=0", "limit=201", "cursor=x", `cursor=${"A".repeat(32)}`])
			assertError(
				await adminRequest(banter, "GET", `widgets?${query}`),
				400,
				"Invalid query parameters",
			);
	});
});

describe("deleting a widget", () => {
	const banter = useBanter();
	let peer;

	before(async () => {
		peer = await connectToStore(banter);
	});
	after(() => peer.close());

	it("keeps its conversations readable", async () => {
		const { id, widget_id } = await adminExpect(banter, 201, "POST", "widgets", { name: "Short" });
		const conversation = await storeTurn(await openVisitor(peer, widget_id));
		assert.equal((await adminRequest(banter, "DELETE", `widgets/${id}`)).status, 204);
		assertError(await adminRequest(banter, "GET", `widgets/${id}`), 404, "Widget not found");
		assertError(await adminRequest(banter, "DELETE", `widgets/${id}`), 404, "Widget not found");
		const thread = await adminExpect(banter, 200, "GET", `conversations/${conversation}`);
		assert.equal(thread.conversation.widgetId, id);
		assert.equal(thread.messages.length, 2);
		await assert.rejects(openVisitor(peer, widget_id), /no such widget/);
	});

	it("is refused for the organization's first, which owns the chats by key", async () => {
		const answer = await adminRequest(banter, "DELETE", `widgets/${WIDGET}`);
		assertError(answer, 409, undefined, "in_use");
	});

	it("a new public id invalidates the previous one and its visitors", async () => {
		const made = await adminExpect(banter, 201, "POST", "widgets", { name: "Moving" });
		const visitor = await openVisitor(peer, made.widget_id);
		const reset = await adminExpect(banter, 200, "POST", `widgets/${made.id}/reset-id`);
		assert.match(reset.widget_id, PUBLIC_ID);
		assert.notEqual(reset.widget_id, made.widget_id);
		assert.equal(reset.id, made.id);
		await assert.rejects(openVisitor(peer, made.widget_id), /no such widget/);
		await assert.rejects(storeTurn(visitor), /the visitor token is invalid or expired/);
		await storeTurn(await openVisitor(peer, reset.widget_id));
	});

	it("the log records who changed what", () => {
		const said = banter.log.lines.filter(({ ev }) => ev?.startsWith("widget_"));
		assert.deepEqual([...new Set(said.map(({ ev }) => ev))].sort(), [
			"widget_changed",
			"widget_created",
			"widget_deleted",
		]);
		for (const line of said) {
			assert.equal(line.org, ORG);
			assert.equal(line.by, "key");
			assert.doesNotMatch(line.text, /Short|Moving|wid_/);
		}
	});
});
